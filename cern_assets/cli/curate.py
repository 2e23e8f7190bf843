"""`cern-assets curate`: correct the deposit of one recid so that the correction lasts, or list what was corrected."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import click
from pydantic import ValidationError

from cern_assets.cli import show
from cern_assets.collections.curations import curation_of, curations_in, write_curation
from cern_assets.errors import ConfigurationError, MetadataInvalidError, MissingInputError
from cern_assets.flows.metadata import uncurated
from cern_assets.flows.stages import Context
from cern_assets.metadata.patching import curated, patch_between
from cern_assets.metadata.validation import ensure_valid
from cern_assets.model.curation import Curation
from cern_assets.model.identifiers import Recid
from cern_assets.model.metadata import Metadata
from cern_assets.model.records import SourceRecord
from cern_assets.model.values import JsonObject, content_hash
from cern_assets.settings import load_settings
from cern_assets.wiring import collection_named, opened_context, source_parts

_INDENT = 1


@click.command("curate")
@click.option("--collection", default="opendata", show_default=True, help="The collection of the recid.")
@click.option(
    "--edited",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="The deposit as it should be, as JSON; without it, $EDITOR opens the deposit as it is.",
)
@click.option("--author", help="Who corrects it; needed to write.")
@click.option("--reason", help="Why; needed to write.")
@click.option("--list", "list_", is_flag=True, help="List all corrections of the collection instead.")
@click.option("--json", "json_", is_flag=True, help="The correction, or one a line, as JSON.")
@click.argument("recid", required=False)
def command(  # noqa: PLR0917  options
    collection: str,
    edited: Path | None,
    author: str | None,
    reason: str | None,
    list_: bool,
    json_: bool,
    recid: str | None,
) -> None:
    """Write what differs between a recid's deposit and how it should be, as a patch that every later run applies.

    The recid must have been brought in as far as its raw record. What is written is checked by the rules of the target
    first. The next `ingest` of the recid applies it; see docs/how-to/curation.md.
    """
    settings = load_settings()
    spec = collection_named(settings, collection)
    folder = spec.curation
    if folder is None:
        raise ConfigurationError(
            f"The collection {collection} has no folder of curation.",
            field="curation",
            remedy="Name one in the collection's file: `curation: corrections`.",
        )
    if list_:
        _list(folder, json_=json_)
        return
    if not recid or not author or not reason:
        raise click.UsageError("Give a recid, --author and --reason; or --list.")
    wanted = source_parts(spec.source).parse_recid(recid)
    with opened_context(settings, spec) as context:
        before = _deposit(context, wanted)
    earlier = curation_of(folder, wanted)
    shown = curated(before, earlier)[0] if earlier else before
    after = _read(edited.read_text(encoding="utf-8"), str(edited)) if edited else _edit(shown)
    curation = _curation(before, after, author, reason)
    ensure_valid(Metadata(payload=after, fates=(), findings=()), wanted)
    path = write_curation(folder, wanted, curation)
    if json_:
        show.as_json({"recid": wanted, "file": str(path), **_shown(curation)})
    else:
        for operation in curation.patch:
            click.echo(json.dumps(operation.as_json(), ensure_ascii=False))
        click.echo(f"Written to {path}. The next ingest of {wanted} applies it.")


def _list(folder: Path, *, json_: bool) -> None:
    found = list(curations_in(folder))
    if json_:
        for recid, curation in found:
            show.as_json({"recid": recid, **_shown(curation)})
        return
    rows = [
        [recid, curation.author, curation.date.isoformat(), curation.reason, str(len(curation.patch))]
        for recid, curation in found
    ]
    show.table(["recid", "by", "on", "why", "operations"], rows)


def _deposit(context: Context, recid: Recid) -> JsonObject:
    document = context.adapters.documents.read(context.collection.name, "raw_record", recid, SourceRecord)
    if document is None:
        raise MissingInputError(
            "There is no raw record of this recid yet.",
            recid=recid,
            remedy=f"Bring it in first: cern-assets ingest --collection {context.collection.name} {recid}",
        )
    record = document.body
    assert isinstance(record, SourceRecord)
    return uncurated(context, record).payload


def _edit(deposit: JsonObject) -> JsonObject:
    """The deposit as somebody leaves it in an editor."""
    text = click.edit(json.dumps(deposit, indent=_INDENT, ensure_ascii=False), extension=".json")
    if text is None:
        click.echo("The editor left it as it was; nothing is written.", err=True)
        sys.exit(1)
    return _read(text, "what the editor left")


def _read(text: str, where: str) -> JsonObject:
    try:
        said = json.loads(text)
    except ValueError as error:
        raise MetadataInvalidError(
            f"The deposit is no JSON: {error}.", uri=where, remedy="Correct it and try again."
        ) from error
    if not isinstance(said, dict):
        raise MetadataInvalidError("A deposit is a JSON object.", uri=where, remedy="Correct it and try again.")
    return said


def _curation(before: JsonObject, after: JsonObject, author: str, reason: str) -> Curation:
    try:
        return Curation(
            author=author,
            date=datetime.now(UTC).date(),
            reason=reason,
            made_for=content_hash(before),
            patch=patch_between(before, after),
        )
    except ValidationError as error:
        first = error.errors()[0]
        if first["loc"] == ("patch",):
            raise MetadataInvalidError(
                "Nothing is corrected: the deposit is as it was.", remedy="Change something below `metadata`."
            ) from error
        raise MetadataInvalidError(
            f"This is not for curation: {first['msg']}.",
            field=".".join(map(str, first["loc"])),
            value=str(first.get("input"))[:80],
            remedy="Correct what stands below `metadata` or `custom_fields`; access is a matter of the collection.",
        ) from error


def _shown(curation: Curation) -> dict[str, object]:
    said = curation.model_dump(mode="json", exclude={"patch"})
    return {**said, "patch": [operation.as_json() for operation in curation.patch]}
