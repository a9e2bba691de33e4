"""The check of the DMARC policy of the From domain (RFC 9989)."""

from __future__ import annotations

from collections.abc import Sequence

from service.core.sending.email_dns import DmarcPolicy, applicable_policies, dmarc_names, dmarc_policies, zone_line
from service.flows.checks.finding import Finding, fail, ok, warn
from service.mail.dns_lookup import TxtLookup
from service.mail.inbound.alignment import belong_together

NAME = "dmarc"


def find_policies(lookup: TxtLookup, domain: str) -> list[tuple[str, list[DmarcPolicy]]]:
    """Return the policies of each name of the tree walk from a domain.

    Raises:
        DnsUnavailable: a name could not be looked up.
    """
    found = []
    for name in dmarc_names(domain):
        found.append((name, dmarc_policies(lookup(name))))
        if len(found) == 1 and found[0][1]:
            break  # the domain's own record decides
    return found


def check_dmarc(
    found: Sequence[tuple[str, Sequence[DmarcPolicy]]], *, from_domain: str, dkim_domains: Sequence[str], fix: str
) -> Finding:
    """Return whether one policy applies, and whether a DKIM signature of the provider aligns with the From.

    `fix` is the record to add if there is none. No `dkim_domains` means that they are not known.
    """
    applicable = applicable_policies(found)
    if applicable is None:
        return fail(NAME, f"{from_domain} has no DMARC policy, so Gmail, Yahoo and Outlook may refuse its mail.", fix)
    name, policies = applicable
    if len(policies) > 1:
        return fail(NAME, f"{name} has {len(policies)} DMARC policies, so receivers ignore all.", "Keep only one.")
    policy = policies[0]
    if dkim_domains and not any(_is_aligned(domain, from_domain, policy) for domain in dkim_domains):
        return fail(
            NAME,
            f"Mail is signed by {', '.join(dkim_domains)}, which DMARC does not accept for a From at {from_domain}.",
            "Use an address at MAILGUN_DOMAIN in MAIL_FROM.",
        )
    if not policy.wants_reports:
        return warn(NAME, f"{name} asks for no reports.", "Add rua=mailto: and an address of yours to it.")
    if policy.removed_tags:
        return warn(
            NAME,
            f"{name} has {', '.join(policy.removed_tags)}, which RFC 9989 removed.",
            "Remove that from the record. If pct was below 100, use p=none until you are sure.",
        )
    return ok(NAME, f"{name} says {policy.policy}.")


def record_to_add(from_domain: str, writer_emails: Sequence[str]) -> str:
    """Return a first DMARC record as a line of a zone file; with reports if a writer's address is of that domain.

    Reports to another domain need a record there too (RFC 9990), so such an address is left out.
    """
    ours = [address for address in writer_emails if belong_together(_domain(address), from_domain)]
    reports = f"; rua=mailto:{ours[0]}" if ours else ""
    return zone_line("TXT", f"_dmarc.{from_domain}", f"v=DMARC1; p=none{reports}")


def _is_aligned(signer: str, from_domain: str, policy: DmarcPolicy) -> bool:
    return signer == from_domain if policy.is_strict_on_dkim else belong_together(signer, from_domain)


def _domain(address: str) -> str:
    return address.rpartition("@")[2].lower()
