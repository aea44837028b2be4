"""Settings: built-in values, then the file, then the arguments."""

import pytest

from newsetl.errors import SettingsError
from newsetl.settings import DEFAULT_INPUTS, DEFAULT_OUT, load_settings


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_without_a_file_and_arguments_the_built_in_values_hold():
    settings = load_settings()
    assert (settings.inputs, settings.out, settings.limit) == (DEFAULT_INPUTS, DEFAULT_OUT, None)
    assert settings.workers >= 1


def test_arguments_win_over_the_file_and_mappings_are_merged(tmp_path):
    (tmp_path / "newsetl.toml").write_text('out = "a"\nlimit = 5\n[map]\ntext = "content"\ntitle = "t"\n')
    settings = load_settings(out="b", mapping={"title": "head"})
    assert (settings.out, settings.limit) == ("b", 5)
    assert settings.mapping == {"text": "content", "title": "head"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("out =", "newsetl.toml"),
        ('output = "x"', "unknown setting 'output'; known are"),
        ("workers = 0", "workers must be 1 or more"),
        ("limit = 0", "limit must be 1 or more"),
        ("max_document_seconds = 0", "max_document_seconds must be above 0"),
        ('max_document_seconds = "20"', "unusable settings"),
        ("max_document_memory = 1000", "max_document_memory must be 134217728 or more"),
        ("inputs = []", "no inputs given"),
    ],
)
def test_mistakes_in_the_file_are_named(tmp_path, content, message):
    (tmp_path / "newsetl.toml").write_text(content)
    with pytest.raises(SettingsError, match=message):
        load_settings()


def test_a_settings_file_that_is_asked_for_must_exist(tmp_path):
    with pytest.raises(SettingsError, match=r"other\.toml"):
        load_settings(tmp_path / "other.toml")
