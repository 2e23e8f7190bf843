"""Guards findings as people read them: one for a pattern, the gravest first."""

from cern_assets.model.findings import Finding, Severity, grouped


def finding(code: str, field: str, severity: Severity = "warning", value: str = "") -> Finding:
    return Finding(code=code, severity=severity, field=field, value=value, message=f"At {field}.")


def test_findings_of_one_pattern_become_one_that_counts_them() -> None:
    (found,) = grouped([finding("bad", f"a[{index}].b", value=str(index)) for index in range(3)])
    assert (found.field, found.count, found.value, found.message) == ("a[].b", 3, "0; 1; 2", "At a[0].b.")


def test_a_finding_that_stands_alone_keeps_its_exact_place() -> None:
    assert grouped([finding("bad", "a[7].b")]) == (finding("bad", "a[7].b"),)


def test_errors_come_first_and_the_order_within_a_severity_stays() -> None:
    given = [finding("n", "x", "note"), finding("w", "y"), finding("e", "z", "error"), finding("v", "y")]
    assert [found.code for found in grouped(given)] == ["e", "w", "v", "n"]


def test_grouping_again_changes_nothing() -> None:
    once = grouped([finding("bad", f"a[{index}]", value="x" * 50) for index in range(9)])
    assert grouped(once) == once
    assert len(once[0].value) <= 120
