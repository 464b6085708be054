import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from weijing.configs.errors import UserError
from weijing.data.artifacts import locked, manifest_fits, manifest_path, read_manifest
from weijing.data.codes import Code, CodeProblem, read_codes
from weijing.data.design import read_design
from weijing.data.report import read_corpus
from weijing.data.study import AddedCodes, Study, add, add_codes

TEXTS = {
    "a.txt": "派出所民警通过微信群向居民发布防骗提醒，一个月里拦下十二起诈骗。",
    "b.txt": "交警大队利用小程序受理轻微交通事故，十分钟就能定责，司机不必等候。",
    "c.txt": "县局公众号停更三个月，菜单点开都是空白，后台也没有人答复留言。",
}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "news"
    folder.mkdir()
    for name, text in TEXTS.items():
        (folder / name).write_text(text, "utf-8")
    return folder


def test_create_and_open(tmp_path: Path) -> None:
    root = tmp_path / "study"
    study = Study.create(root)
    assert Study.open(root) == study
    assert study.codebook().name == "wechat_policing"
    assert study.reports() == []
    study.codebook_path.write_text("mine")
    with pytest.raises(UserError, match="--force"):
        Study.create(root)
    assert study.codebook_path.read_text() == "mine"
    Study.create(root, force=True)
    assert study.codebook().name == "wechat_policing"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("corpos: x", "corpos: is no setting known here"),
        ("seed: many", "seed: .*integer"),
        ("a: [", "cannot be read"),
        ("- a", "weijing.yaml"),
        ("a: " + "[" * 3000, "nested too deeply"),
        ("seed: 100000000000000000000", "seed: "),
        ("gold: codes.parquet", "codes: is the same file as gold"),
        ("corpus: ./x/../codebook.yaml", "codebook: is the same file as corpus"),
        ("codes: corpus.replaced.parquet", "codes: is the same file as"),
        ("codes: weijing.yaml", "codes: is the same file as weijing.yaml"),
        ("codes: model/codes.parquet", "model: is a folder that holds codes"),
        ("model: .", "model: is a folder that holds"),
        ('corpus: ""', "corpus: is a folder that holds"),
    ],
)
def test_settings_that_are_wrong(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "weijing.yaml").write_text(content)
    with pytest.raises(UserError, match=message):
        Study.open(tmp_path)


def test_settings_of_other_rooms_are_kept(tmp_path: Path) -> None:
    (tmp_path / "weijing.yaml").write_text("training: {regime: frozen, layers: [1, 2]}\ncorpus: data/c.parquet\n")
    study = Study.open(tmp_path)
    assert study.settings.training == {"regime": "frozen", "layers": [1, 2]}
    assert study.corpus_path == tmp_path / "data" / "c.parquet"
    with pytest.raises(UserError, match="weijing init"):
        Study.open(tmp_path / "nowhere")


def test_add_twice_changes_nothing(tmp_path: Path, source: Path) -> None:
    study = Study.create(tmp_path / "study")
    first = add(study, source)
    assert first.added == ("news:a.txt", "news:b.txt", "news:c.txt")
    assert (first.n_reports, first.n_groups) == (3, 3)
    manifest = read_manifest(study.corpus_path.with_name("corpus.parquet.manifest.json"))
    assert manifest.step == "add"
    assert manifest.seed == 1
    before = {p: p.read_bytes() for p in study.root.rglob("*") if p.is_file()}
    again = add(study, [source])
    assert again.unchanged == first.added
    assert {p: p.read_bytes() for p in study.root.rglob("*") if p.is_file()} == before


def test_what_comes_later_joins_its_story_and_ranks_stay(tmp_path: Path, source: Path) -> None:
    study = Study.create(tmp_path / "study")
    add(study, source)
    design = read_design(study.design_path)
    (source / "0.txt").write_text(TEXTS["b.txt"] + "\n", "utf-8")
    (source / "d.txt").write_text("网警在服务号公布失物，三天内归还失主。", "utf-8")
    result = add(study, source)
    assert result.added == ("news:0.txt", "news:d.txt")
    groups = {r.id: r.reprint_group for r in read_corpus(study.corpus_path)}
    assert groups["news:0.txt"] == "news:b.txt"
    extended = read_design(study.design_path)
    assert extended[:3] == design
    assert [r.reprint_group for r in extended[3:]] == ["news:d.txt"]


def test_a_new_version_is_reported_and_the_old_text_kept(tmp_path: Path, source: Path) -> None:
    study = Study.create(tmp_path / "study")
    add(study, source)
    for text in ("改写过的报道。", "再改的报道。"):
        (source / "a.txt").write_text(text, "utf-8")
        assert add(study, source).changed == ("news:a.txt",)
    reports = {r.id: r for r in read_corpus(study.corpus_path)}
    assert reports["news:a.txt"].text == "再改的报道。"
    assert reports["news:a.txt"].reprint_group == "news:a.txt"
    kept = read_corpus(study.versions_path)
    assert [r.text for r in kept] == [TEXTS["a.txt"], "改写过的报道。"]
    assert {r.source_id for r in kept} == {"news:a.txt"}


def test_a_design_lost_in_a_crash_is_completed(tmp_path: Path, source: Path) -> None:
    study = Study.create(tmp_path / "study")
    add(study, source)
    design = read_design(study.design_path)
    study.design_path.unlink()
    add(study, source)
    assert read_design(study.design_path) == design


def test_nothing_but_rejections(tmp_path: Path) -> None:
    study = Study.create(tmp_path / "study")
    result = add(study, tmp_path / "none.txt")
    assert (result.n_reports, result.added) == (0, ())
    assert result.rejected[0].reason == "there is no such file or folder"


def test_manifests_lost_in_a_crash_are_made_again(tmp_path: Path, source: Path) -> None:
    study = Study.create(tmp_path / "study")
    codes = [Code("news:a.txt", "li", "relevant", False)]
    for _ in range(2):
        add(study, source)
        add_codes(study, codes)
    paths = (study.corpus_path, study.design_path, study.codes_path)
    assert all(manifest_fits(p) for p in paths)
    for path in paths:
        manifest_path(path).unlink()
    add(study, source)
    add_codes(study, codes)
    assert all(manifest_fits(p) for p in paths)
    for path in paths:
        manifest_path(path).write_text(json.dumps({"step": "add", "outputs": {path.name: "old"}}))
    add(study, source)
    add_codes(study, codes)
    assert all(manifest_fits(p) for p in paths)


def test_the_study_is_no_source_of_itself(tmp_path: Path, source: Path) -> None:
    study = Study.create(source)
    assert add(study, source).added == ("news:a.txt", "news:b.txt", "news:c.txt")
    (source / "a.txt").write_text("改写过的报道。", "utf-8")
    (source / "unseen.jsonl").write_text("{}\n")
    add(study, source)
    assert study.versions_path.exists()
    again = add(study, source)
    assert (again.added, again.rejected, len(again.unchanged)) == ((), (), 3)
    named = add(study, study.versions_path)
    assert named.added == ()
    assert "of the study itself" in named.rejected[0].reason


def test_a_collection_is_written_like_the_name_of_a_folder(tmp_path: Path, source: Path) -> None:
    study = Study.create(tmp_path / "study")
    assert add(study, source / "a.txt", os.fsdecode(b"x\xff\n")).added == ("x\\udcff\\n:a.txt",)


@pytest.fixture
def strikes_study(tmp_path: Path, source: Path, strikes_path: Path) -> Study:
    study = Study.create(tmp_path / "strikes", strikes_path)
    add(study, source)
    return study


def code(variable: str, value: object, **more: object) -> Code:
    return Code("news:a.txt", "li", variable, value, **more)  # type: ignore[arg-type]


def kinds(problems: tuple[CodeProblem, ...]) -> list[str]:
    return [p.kind for p in problems]


def test_a_pass_in_two_files_is_judged_as_a_whole(strikes_study: Study) -> None:
    first = [code("is_protest", True), code("claims", ["plant_occupation"]), code("sector", "factory")]
    done = add_codes(strikes_study, first)
    assert (done.appended, kinds(done.problems)) == (3, ["missing"])
    other = Code("news:b.txt", "li", "is_protest", False)
    assert add_codes(strikes_study, [other]) == AddedCodes(1, (), ()), "older passes are not told again"
    done = add_codes(strikes_study, [code("intensity", 0)])
    assert kinds(done.problems) == ["constraint"]


def test_a_good_code_is_kept_beside_a_rejected_one_of_its_id(strikes_study: Study) -> None:
    good = code("is_protest", False, code_id="C")
    bad = Code("nope", "li", "is_protest", False, code_id="C")
    for codes in ([bad, good], [good, bad]):
        done = add_codes(strikes_study, codes)
        assert kinds(done.rejected) == ["report"]
    assert read_codes(strikes_study.codes_path) == [good]


def test_codes_that_are_not_in_force_are_checked_too(strikes_study: Study) -> None:
    codes = [
        code("is_protest", "foo"),
        code("is_protest", False),
        code("nosuch", 1, deleted=True),
        Code("nope", "li", "is_protest", False, deleted=True),
    ]
    done = add_codes(strikes_study, codes)
    assert (done.appended, kinds(done.rejected), done.problems) == (1, ["value", "variable", "report"], ())
    back = add_codes(strikes_study, [code("is_protest", None, deleted=True, supersedes=codes[1].code_id)])
    assert (back.appended, back.rejected) == (1, ())


def test_codes_checked_by_a_codebook_that_is_gone_are_not_appended(
    strikes_study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def after_a_migration(path: Path) -> Iterator[None]:
        text = strikes_study.codebook_path.read_text("utf-8")
        strikes_study.codebook_path.write_text(text.replace("plant_occupation", "sit_in"), "utf-8")
        with locked(path):
            yield

    monkeypatch.setattr("weijing.data.code_files.locked", after_a_migration)
    with pytest.raises(UserError, match="changed meanwhile"):
        add_codes(strikes_study, [code("is_protest", True), code("claims", ["plant_occupation"])])
    assert not strikes_study.codes_path.exists()
