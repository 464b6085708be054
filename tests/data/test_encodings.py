import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from weijing.data.encodings import Unreadable, decode
from weijing.data.hanzi import FREQUENT_SIMPLIFIED, FREQUENT_TRADITIONAL

SIMPLIFIED = [
    "派出所民警通过微信群向居民发布防骗提醒。",
    "市公安局开通微信公众号，群众可以在线预约办理身份证。",
    "交警大队利用小程序受理轻微交通事故，十分钟就能定责。",
    "县局指挥中心接到报警后立即派警到现场处置",
    "这个公众号已经三个月没有更新了",
    "房东用手机登记租客信息，数据与人口库比对",
    "社区民警老王加了八百多户居民的微信",
    "诈骗分子冒充客服，请勿转账汇款！",
    "报案人在手机上传了转账截图",
    "采购人拟建设微信报警平台，预算三十万元",
    "公告编号：2019-045",
    "铁路公安处在车厢里贴了二维码",
    "随手拍举报占用应急车道的车辆",
    "下一步，该局将探索与市局系统对接",
    "项目因有效投标人不足三家而废标",
    "群里每天都有人问户口怎么迁",
    "嫌疑人照片发到群里，半小时就有了线索",
    "办完业务扫码打分，差评必须回访",
    "网警提醒：刷单返利都是诈骗",
    "他的账号早就不用了",
]
TRADITIONAL = [
    "派出所民警透過微信群組向居民發佈防騙提醒。",
    "市公安局開通微信公眾號，群眾可以在線預約辦理身份證。",
    "交警大隊利用小程序受理輕微交通事故，十分鐘就能定責。",
    "警務處國家安全處設立微信舉報熱線",
    "這個公眾號已經三個月沒有更新了",
    "房東用手機登記租客資料，數據與人口庫比對",
    "社區民警老王加了八百多戶居民的微信",
    "騙徒冒充客戶服務員，請勿轉帳匯款！",
    "報案人在手機上傳了轉帳截圖",
    "警方呼籲市民提供線索",
    "公告編號：2019-045",
    "澳門司法警察局推出微信帳號",
    "隨手拍舉報佔用應急車道的車輛",
    "下一步，該局將探索與市局系統對接",
    "項目因有效投標人不足三家而廢標",
    "群組裡每天都有人問戶口怎麼遷",
    "嫌疑人照片發到群組，半小時就有了線索",
    "辦完業務掃碼打分，差評必須回訪",
    "警署門口貼了二維碼",
    "他的帳號早就不用了",
]
COMMON_GB = [bytes([a, b]).decode("gb2312") for a in range(0xB0, 0xD7) for b in range(0xA1, 0xFF)]
COMMON_BIG5 = [
    bytes([a, b]).decode("big5") for a in range(0xA4, 0xC6) for b in (*range(0x40, 0x7F), *range(0xA1, 0xFF))
]


def prose(alphabet: frozenset[str], codec: str) -> st.SearchStrategy[str]:
    def writable(char: str) -> bool:
        try:
            return bool(char.encode(codec))
        except UnicodeEncodeError:
            return False

    # Different characters: one repeated twenty times can be sense in two encodings.
    chars = [c for c in sorted(alphabet) if writable(c)]
    return st.lists(st.sampled_from(chars), min_size=20, max_size=200, unique=True).map("".join)


@pytest.mark.parametrize("text", SIMPLIFIED)
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "gbk", "utf-8-sig", "utf-16", "utf-32"])
def test_simplified_sentences(text: str, encoding: str) -> None:
    read, found = decode(text.encode(encoding))
    assert read == text
    assert found.startswith({"gbk": "gb18030", "utf-8-sig": "utf-8"}.get(encoding, encoding))


@pytest.mark.parametrize("text", TRADITIONAL)
@pytest.mark.parametrize("encoding", ["utf-8", "big5", "cp950", "big5hkscs", "gb18030", "utf-16-le", "utf-16-be"])
def test_traditional_sentences(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding))[0] == text


@given(prose(FREQUENT_SIMPLIFIED, "gb18030"))
def test_gb18030_round_trip(text: str) -> None:
    assert decode(text.encode("gb18030")) == (text, "gb18030")


@given(prose((FREQUENT_SIMPLIFIED | FREQUENT_TRADITIONAL), "big5"))
def test_big5_round_trip(text: str) -> None:
    assert decode(text.encode("big5")) == (text, "big5")


@given(prose(FREQUENT_SIMPLIFIED | FREQUENT_TRADITIONAL, "utf-16-le"))
def test_utf16_without_a_mark_round_trip(text: str) -> None:
    assert decode(text.encode("utf-16-le")) == (text, "utf-16-le")
    assert decode(text.encode("utf-16-be")) == (text, "utf-16-be")


@given(st.text(st.characters(codec="utf-8", exclude_categories=("Cc",)), min_size=1).filter(str.strip))
@settings(max_examples=300)
def test_utf8_round_trip_of_anything_with_hanzi(text: str) -> None:
    text = "警" + text
    assert decode(text.encode()) == (text, "utf-8")
    assert decode(text.encode("utf-8-sig")) == (text, "utf-8")


@pytest.mark.parametrize(("alphabet", "encoding"), [(COMMON_GB, "gb18030"), (COMMON_BIG5, "big5")])
def test_random_common_characters(alphabet: list[str], encoding: str) -> None:
    chance = random.Random(7)
    texts = ["".join(chance.choices(alphabet, k=30)) for _ in range(1000)]
    wrong = 0
    for text in texts:
        try:
            wrong += decode(text.encode(encoding))[0] != text
        except Unreadable:
            wrong += 1
    assert wrong <= 3


def test_short_but_decidable() -> None:
    assert decode("联通".encode("gb18030")) == ("联通", "gb18030")
    assert decode("警察".encode("gb18030"))[0] == "警察"
    assert decode("警察局".encode("big5"))[0] == "警察局"
    assert decode("é".encode()) == ("é", "utf-8")
    assert decode("données de sécurité".encode())[1] == "utf-8"
    assert decode(b"hello") == ("hello", "utf-8")


def test_hong_kong_characters() -> None:
    text = "嚟自警署嘅報料：佢哋喺微信群組度傳咗啲相，啱啱俾人睇到。"
    assert decode(text.encode("big5hkscs")) == (text, "big5hkscs")


def test_a_file_cut_in_a_character() -> None:
    data = (SIMPLIFIED[0] * 30).encode("gb18030")[:-1]
    assert decode(data, partial=True)[0] == (SIMPLIFIED[0] * 30)[:-1]
    text, encoding = decode((SIMPLIFIED[0] * 30).encode()[:-1])
    assert text.endswith("提醒�")
    assert encoding == "utf-8 (1 damaged)"
    text, encoding = decode((SIMPLIFIED[0] * 30).encode("gb18030") + b"\xff")
    assert encoding == "gb18030 (1 damaged)"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is empty"),
        (b" \r\n\t", "blanks"),
        (b"\xef\xbb\xbf", "blanks"),
        (b"%PDF-1.7\n%\xe2\xe3", "PDF"),
        (b"PK\x03\x04\x14\x00", "ZIP"),
        (b"\x89PNG\r\n\x1a\n\x00", "PNG"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "JPEG"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\x00", "Office"),
        (b"abc\x00\x01\x02\x03def\x00" * 10 + b"\xff", "no text"),
        ("これは日本語の文章です。警察はウィーチャットを使います。".encode("shift_jis"), "save it as UTF-8"),
    ],
)
def test_no_text(data: bytes, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        decode(data)


@given(st.binary(max_size=400))
def test_any_bytes_give_a_text_or_a_reason(data: bytes) -> None:
    try:
        text, encoding = decode(data)
    except Unreadable as error:
        text = encoding = error.reason
    assert text
    assert encoding


def test_random_bytes_are_no_text() -> None:
    chance = random.Random(3)
    taken = 0
    for _ in range(200):
        try:
            decode(chance.randbytes(2000))
        except Unreadable:
            continue
        taken += 1
    assert taken == 0
