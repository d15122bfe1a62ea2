"""Settings: each is documented, each wrong value stops the start with one clear line that tells no secret."""

from __future__ import annotations

import pytest

from api.settings import DOCUMENTED, SettingRefused, read_settings

WRONG = {
    "REDRESS_DATABASE_URL": [
        "redress.db", "mysql://host/name", "sqlite://", "sqlite:///", "sqlite://redress.db", "sqlite:///:memory:", "postgresql://",
        "postgresql://host", "postgresql://host:port/name", "postgresql://host:99999/name",
    ],
    "REDRESS_PORT": ["0", "65536", "-1", "80a", "8_000", "٨٠", "1e3", "8000.0"],
    "REDRESS_BASE_URL": ["example.org", "ftp://example.org", "https://", "https://a?b=c", "https://a#b", "http://a:99999", "http://a:x"],
    "REDRESS_TIME_ZONE": ["Mars/Olympus", "Europe", "../../etc/passwd", "/etc/passwd", "CET2"],
    "REDRESS_ADMIN_PASSWORD": ["short", "x" * 257],
    "REDRESS_ADMIN_TOKEN": ["short", "x" * 257],
    "REDRESS_SMTP_URL": ["mail.example.org", "smtp://", "http://mail", "smtp://mail:", "smtp://mail:99999", "smtp://mail:port"],
    "REDRESS_MAIL_FROM": ["complaints", "a@", "@b", "a b@c", "a@b>", "A <a@b>"],
    "REDRESS_PROCESSES_DIR": ["/nowhere/at/all"],
    "REDRESS_FORMS_DIR": ["/nowhere/at/all"],
    "REDRESS_THREADS": ["1", "65", "many"],
    "REDRESS_WORKER": ["maybe", "2"],
    "REDRESS_GATEWAY_VERSION": ["eight", "8", "8.9.0; x"],
    "REDRESS_PROXIES": ["-1", "10", "*"],
    "REDRESS_V2_ANONYMOUS": ["a b", "x" * 65],
}  # fmt: skip
CASES = [(name, value) for name, values in WRONG.items() for value in values]


@pytest.mark.parametrize(("name", "value"), CASES)
def test_a_wrong_value_is_refused_in_one_line_that_names_the_setting(name, value):
    with pytest.raises(SettingRefused) as refused:
        read_settings({name: value})
    text = refused.value.message
    assert text.startswith(name)
    assert "\n" not in text
    if name in ("REDRESS_ADMIN_PASSWORD", "REDRESS_ADMIN_TOKEN"):
        assert value not in text


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("REDRESS_SMTP_URL", "smtp://us:geheim@mail:99999"),
        ("REDRESS_DATABASE_URL", "postgresql://us:geheim@host:x/name"),
    ],
)
def test_the_password_within_an_address_is_not_said(name, value):
    with pytest.raises(SettingRefused) as refused:
        read_settings({name: value})
    assert "geheim" not in refused.value.message


def test_every_setting_but_the_free_ones_has_wrong_values_above():
    free = {"REDRESS_DATA_DIR", "REDRESS_HOST"}
    assert set(WRONG) | free == set(DOCUMENTED)


@pytest.mark.parametrize("name", ["REDRESS_PROT", "REDRESS_", "REDRESS_data_dir"])
def test_a_misspelt_setting_is_refused(name):
    with pytest.raises(SettingRefused, match=name):
        read_settings({name: "x"})


def test_without_anything_set_the_defaults_serve_this_machine_alone(tmp_path):
    settings = read_settings({"REDRESS_DATA_DIR": str(tmp_path), "PATH": "/bin"})
    assert (settings.host, settings.port, settings.base_url) == ("127.0.0.1", 8000, "http://127.0.0.1:8000")
    assert settings.database_url == f"sqlite:///{tmp_path}/redress.db"
    assert settings.smtp_url is None
    assert settings.v2_anonymous is None
    assert not settings.secure_cookies


@pytest.mark.parametrize(
    ("name", "value", "member", "read"),
    [
        ("REDRESS_SMTP_URL", "smtp://u:p@h", "smtp_url", "smtp://u:p@h"),
        ("REDRESS_SMTP_URL", "smtp://[::1]:2525", "smtp_url", "smtp://[::1]:2525"),
        ("REDRESS_SMTP_URL", "smtps://mail.example.org", "smtp_url", "smtps://mail.example.org"),
        (
            "REDRESS_DATABASE_URL",
            "postgres://u:p@h:5433/n",
            "database_url",
            "postgresql+psycopg://u:p@h:5433/n",
        ),
        ("REDRESS_DATABASE_URL", "postgresql:///n", "database_url", "postgresql+psycopg:///n"),
        ("REDRESS_BASE_URL", "https://complaints.example.org/", "base_url", "https://complaints.example.org"),
        ("REDRESS_ADMIN_PASSWORD", "  spaces at both ends ", "admin_password", "  spaces at both ends "),
        ("REDRESS_PORT", " 8080 ", "port", 8080),
        ("REDRESS_WORKER", "no", "worker", False),
    ],
)
def test_right_values_are_taken_as_they_are_meant(name, value, member, read):
    assert getattr(read_settings({name: value}), member) == read


@pytest.mark.parametrize(
    "more", [{"REDRESS_HOST": "0.0.0.0"}, {"REDRESS_PROXIES": "1"}, {"REDRESS_HOST": "example.org"}]
)
def test_nobody_from_elsewhere_acts_without_credentials(more):
    with pytest.raises(SettingRefused, match="REDRESS_V2_ANONYMOUS"):
        read_settings({"REDRESS_V2_ANONYMOUS": "admin", **more})
