(function(){var form=document.getElementById("passkey"),said=document.getElementById("said");if(!form||!window.PublicKeyCredential||!navigator.credentials)return
function bytes(text){return Uint8Array.from(atob(text.replace(/-/g,"+").replace(/_/g,"/")),function(c){return c.charCodeAt(0)})}
function text(buffer){return btoa(String.fromCharCode.apply(null,new Uint8Array(buffer))).replace(/\+/g,"-").replace(/\//g,"_").replace(/=+$/,"")}
var asked=JSON.parse(form.dataset.options);asked.challenge=bytes(asked.challenge);if(asked.user)asked.user.id=bytes(asked.user.id);[].concat(asked.excludeCredentials||[],asked.allowCredentials||[]).forEach(function(one){one.id=bytes(one.id)})
document.getElementById("without").hidden=true;form.hidden=false
form.onsubmit=function(event){event.preventDefault();said.textContent="";navigator.credentials[asked.user?"create":"get"]({publicKey:asked}).then(function(found){var parts={};["clientDataJSON","attestationObject","authenticatorData","signature","userHandle"].forEach(function(name){if(found.response[name])parts[name]=text(found.response[name])})
form.elements.answer.value=JSON.stringify({id:found.id,rawId:text(found.rawId),type:found.type,response:parts});form.submit()}).catch(function(error){said.textContent=form.dataset[error.name==="InvalidStateError"?"known":"stopped"]})}})()
