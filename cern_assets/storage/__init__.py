"""Bytes: where they lie, the one place that copies and verifies them, and the small documents of the stages.

Here belongs what reads, writes or hashes bytes without knowing what they mean. What the bytes are (a record, an
archive) and when to move them is decided in `flows` and `archives`. Add a module when a new kind of place has to be
read or written; it must pass `cern_assets_tests/contract/test_file_store.py`.
"""
