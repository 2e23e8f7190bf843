"""Rules over what was noticed already when a record was read and converted: nothing is looked for twice."""

from collections.abc import Callable, Iterable

from cern_assets.audit.rules import Fault, Subject


def noticed(*codes: str) -> Callable[[Subject], Iterable[Fault]]:
    """A rule's eye for findings of some codes."""

    def find(subject: Subject) -> Iterable[Fault]:
        for finding in subject.findings:
            if finding.code in codes:
                yield Fault(finding.field, finding.value, finding.message, places=finding.count)

    return find
