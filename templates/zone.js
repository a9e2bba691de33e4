(function(){try{var s=document.getElementById("time_zone"),o=document.getElementById("said"),z=Intl.DateTimeFormat().resolvedOptions().timeZone;function place(){return z.split("/").pop().replace(/_/g," ")}
if(z&&!s.value){s.value=z;if(!s.value)s.value=place();if(!s.value){s.add(new Option(place(),z));s.value=z}}
s.onchange=function(){z=s.value;o.textContent=z?"That\u2019s 8 in the morning, "+place()+" time.":""};s.onchange()}catch(e){}})()
