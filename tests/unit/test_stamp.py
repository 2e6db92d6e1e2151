"""The stamp of a results folder tells the version that made it."""

from lesionlab.host.stamp import HEAD, is_of_another_version, scripts_stamp


def test_any_edited_script_is_another_version(tmp_path):
    (tmp_path / "lesionlab").mkdir()
    module = tmp_path / "lesionlab" / "a.py"
    module.write_text("1\n")
    first = scripts_stamp(tmp_path)
    assert scripts_stamp(tmp_path) == first
    module.write_text("2\n")
    assert scripts_stamp(tmp_path) != first
    module.rename(module.with_name("b.py"))
    module.with_name("b.py").write_text("1\n")
    assert scripts_stamp(tmp_path) != first


def test_results_without_a_stamp_are_older_and_none_are_none(tmp_path):
    config = tmp_path / "config.yaml"
    assert not is_of_another_version(config, "0" * 12)
    for text in ("run: demo\n", f"{HEAD}{'1' * 12}\nrun: demo\n", "", "\udcff"):
        config.write_text(text, encoding="utf-8", errors="surrogateescape")
        assert is_of_another_version(config, "0" * 12)
    config.write_text(f"{HEAD}{'0' * 12}\nrun: demo\n")
    assert not is_of_another_version(config, "0" * 12)
