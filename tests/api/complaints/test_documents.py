"""Attachments: judged by content and ending, kept under random names, never run by a browser, forgotten in time."""

from __future__ import annotations

import io
import os
import zipfile
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.complaints import documents, drafts, forgetting
from api.complaints.documents import DocumentNotFound, FileRefused, check_file, shown_name
from api.complaints.tables import DocumentRow

PNG = (
    bytes.fromhex("89504e470d0a1a0a0000000d4948445200000001000000010806000000")
    + b"\x1f\x15\xc4\x89"
    + b"\x00" * 40
)
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
HTML = b"<!DOCTYPE html><script>alert(1)</script>"


def office(*names, content=b"<x/>", many=0):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, content)
        for number in range(many):
            archive.writestr(f"x{number}", b"")
    return made.getvalue()


REFUSED = {
    "page.html": HTML,
    "page.txt": HTML,
    "marked.txt": b"\xef\xbb\xbf" + HTML,
    "image.svg": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    "image.png": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    "both.gif": b"GIF89a/*" + HTML + b"*/",
    "both.png": b"GIF89a/*" + HTML + b"*/",
    "nothing.pdf": b"",
    "nothing.txt": b"",
    "program.exe": b"MZ\x90\x00",
    "program.pdf": b"MZ\x90\x00" * 30,
    "letter.pdf.exe": b"%PDF-1.7\n",
    "noending": b"%PDF-1.7\n",
    "macro.docx": office("word/document.xml", "word/vbaProject.bin"),
    "macro.docm": office("word/document.xml", "word/vbaProject.bin"),
    "sheet.docx": office("xl/workbook.xml"),
    "bomb.docx": office("word/document.xml", content=b"\0" * 60_000_000),
    "crowd.docx": office("word/document.xml", many=2_001),
    "archive.zip": office("a.txt"),
    "nul.txt": b"text\x00more",
    "large.txt": b"x" * (documents.LARGEST + 1),
}
ACCEPTED = {
    "letter.txt": "Grüße aus Köln".encode(),
    "old.txt": "Grüße".encode("latin-1"),
    "virus-test.txt": EICAR,  # its kind is allowed; telling viruses is a scanner's work
    "letter.eml": b"From: a@b\r\nSubject: x\r\n\r\nHello",
    "letter.pdf": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\ntrailer<<>>\n%%EOF\n",
    "picture.png": PNG,
    "PICTURE.PNG": PNG,
    "photo.jpg": b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
    + b"\x00" * 30
    + b"\xff\xd9",
    "text.docx": office("[Content_Types].xml", "word/document.xml"),
    "sheet.xlsx": office("[Content_Types].xml", "xl/workbook.xml"),
    "text.odt": office("mimetype", "content.xml"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_we_do_not_take_is_refused(name):
    with pytest.raises(FileRefused):
        check_file(name, REFUSED[name])


@pytest.mark.parametrize("name", ACCEPTED)
def test_what_we_take_is_taken(name):
    assert check_file(name, ACCEPTED[name]) in {kind for kind, _ in documents.KINDS.values()}


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(sorted(documents.KINDS)),
    st.sampled_from(sorted(ACCEPTED)),
    st.integers(0, 10_000),
    st.binary(max_size=40),
)
def test_damaged_files_are_judged_never_stumbled_over(ending, seed, place, noise):
    whole = ACCEPTED[seed]
    at = place % (len(whole) + 1)
    try:
        check_file(f"file{ending}", whole[:at] + noise + whole[at + len(noise) :])
    except FileRefused:
        pass


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("../../etc/passwd.txt", "passwd.txt"),
        ("..\\..\\boot.ini.txt", "boot.ini.txt"),
        ("a\r\nX-Evil: 1\r\n.pdf", "aX-Evil: 1.pdf"),
        ("\x00.pdf", ".pdf"),
        ("", "file"),
        ("///", "file"),
        ("\u202efdp.exe.pdf", "fdp.exe.pdf"),
        ("письмо.pdf", "письмо.pdf"),
    ],
)
def test_a_name_is_shown_without_paths_and_tricks(given, shown):
    assert shown_name(given) == shown


@given(st.text(st.characters(), max_size=400))
def test_any_name_can_be_shown_and_sent(name):
    shown = shown_name(name)
    assert 0 < len(shown) <= 170
    assert not set(shown) & set("/\\\r\n\x00")
    shown.encode()


@pytest.fixture
def stored(service):
    """A function: a file with its row, in a draft or nowhere."""

    def store(name, *, draft=None, complaint=None):
        storage = documents.store_bytes(service.settings.uploads_dir, name.encode())
        key = service.engine.next_key()
        service.engine.write(
            lambda session: documents.add_row(
                session,
                key=key,
                name=name,
                media_type="text/plain",
                data=name.encode(),
                storage=storage,
                at=service.clock.now(),
                by="web",
                draft=draft,
                complaint_key=complaint,
            )  # fmt: skip
        )
        return storage

    return store


def test_a_file_lies_under_a_random_name_and_is_given_back_as_it_came(service, stored):
    storage = stored("letter.txt", draft=b"d" * 32)
    assert len(storage) == 32
    assert int(storage, 16) >= 0
    folder = service.settings.uploads_dir
    row = service.engine.read(lambda session: session.query(DocumentRow).one())
    assert documents.read_bytes(folder, row) == b"letter.txt"
    (folder / storage).write_bytes(b"changed")
    with pytest.raises(DocumentNotFound):
        documents.read_bytes(folder, row)
    (folder / storage).unlink()
    with pytest.raises(DocumentNotFound):
        documents.read_bytes(folder, row)


def test_a_draft_holds_ten_files(stored):
    for number in range(documents.MOST):
        stored(f"{number}.txt", draft=b"d" * 32)
    with pytest.raises(FileRefused):
        stored("more.txt", draft=b"d" * 32)
    stored("another.txt", draft=b"e" * 32)


def test_unsent_answers_and_their_files_are_forgotten_in_time(service, stored, clock):
    mark, place = b"d" * 32, drafts.visitor_place(b"d" * 32)
    record = "record:hana"
    kept, gone = stored("kept.txt", draft=drafts.mark_of(record)), stored("gone.txt", draft=mark)
    nobody = stored("nobody.txt", draft=b"z" * 32)

    def save(session):
        for where, life in ((place, drafts.PUBLIC_LIFE), (record, drafts.STAFF_LIFE)):
            drafts.save(session, where, {"a": 1}, form_key=None, life=life, at=clock.now())

    service.engine.write(save)
    folder = service.settings.uploads_dir

    clock.advance(timedelta(hours=23))
    assert forgetting.forget_expired(service) == 0
    clock.advance(timedelta(hours=2))
    assert forgetting.forget_expired(service) == 1
    assert not (folder / nobody).exists()
    assert service.engine.read(lambda session: drafts.load(session, place, at=clock.now())) is not None
    clock.advance(timedelta(days=7))
    assert service.engine.read(lambda session: drafts.load(session, place, at=clock.now())) is None
    assert forgetting.forget_expired(service) == 1
    assert not (folder / gone).exists()
    assert (folder / kept).exists()
    assert service.engine.read(lambda session: session.query(DocumentRow).count()) == 1


def test_files_that_belong_to_nothing_are_erased_after_a_day(service, stored, clock):
    named = stored("named.txt", draft=b"d" * 32)
    folder = service.settings.uploads_dir
    for name in ("stranger", "half.part", "young"):
        (folder / name).write_bytes(b"x")
    long_ago = (clock.now() - timedelta(hours=25)).timestamp()
    for name in (named, "stranger", "half.part"):
        os.utime(folder / name, (long_ago, long_ago))
    now = clock.now().timestamp()
    os.utime(folder / "young", (now, now))
    assert forgetting.erase_strangers(service) == 2
    assert {path.name for path in folder.iterdir()} == {named, "young"}
