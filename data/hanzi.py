"""The characters that most of any Chinese text consists of, for telling encodings apart."""

from __future__ import annotations

FREQUENT_SIMPLIFIED = frozenset(
    "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种"
    "面而方后多定行学法所民得经十三之进着等部度家电力里如水化高自二理起小物现实加量都两体制机当使点从业本"
    "去把性好应开它合还因由其些然前外天政四日那社义事平形相全表间样与关各重新线内数正心反你明看原又么利比"
    "或但质气第向道命此变条只没结解问意建月公无系军很情者最立代想已通并提直题党程展五果料象员革位入常文总"
    "次品式活设及管特件长求老头基资边流路级少图山统接知较将组见计别她手角期根论运农指几九区强放决西被干做"
    "必战先回则任取据处队南给色光门即保治北造百规热领七海口东导器压志世金增争济阶油思术极交受联什认六共权"
    "收证改清己美再采转更单风切打白教速花带安场身车例真务具万每目至达走积示议声报斗完类八离华名确才科张信"
    "马节话米整空元况今集温传土许步群广石记需段研界拉林律叫且究观越织装影算低持音众书布复容儿须际商非验连"
    "断深难近矿千周委素技备半办青省列习响约支般史感劳便团往酸历市克何除消构府称太准精值号率族维划选标写存"
    "候毛亲快效斯院查江型眼王按格养易置派层片始却专状育厂京识适属圆包火住调满县局照参红细引听该铁价严警察"
    "微案服台网络诈骗防范预宣居辅推送息视频登户籍违章缴费咨询举索涉嫌犯罪疑抓获侦破投诉评核份库招购项镇街"
    "村湾港澳"
)
"""About 600 of the most frequent characters, some of them those of police news."""

FREQUENT_TRADITIONAL = frozenset(
    "這爲個國時來們於對會發動過說產種後學經進電裏現實兩體機當點從業應開還義間樣與關線內數麼質氣變條沒結問"
    "無軍並題黨員總設長頭資邊級圖統較將組見計別論運農幾區強決幹戰則據處隊給門規熱領東導壓爭濟階術極聯認權"
    "證採轉單風帶場車務萬達積議聲報鬥類離華確張馬節話況溫傳許羣廣記觀織裝衆書覆兒須際驗連斷難礦備辦習響約"
    "勞團歷構稱準號維劃選標寫親養層卻專狀廠識適屬圓調滿縣參紅細聽該鐵價嚴臺網絡詐騙範預輔視頻戶違繳費諮詢"
    "舉獲偵訴評覈庫購項鎮灣為説眾係嘅喺佢咗嗰唔喎啲裡髮隻祇"
)
"""The Traditional forms of these where they differ, and a few of Cantonese."""

PUNCTUATION = frozenset("，。、；：？！“”‘’「」『』《》〈〉（）【】〔〕…—·　．－％")


def is_hanzi(char: str) -> bool:
    """Whether a character is a Chinese one, rare ones included."""
    blocks = (("\u4e00", "\u9fff"), ("\u3400", "\u4dbf"), ("\uf900", "\ufaff"), ("\U00020000", "\U000323af"))
    return any(first <= char <= last for first, last in blocks)


def hanzi_share(text: str) -> float:
    """Share of Chinese characters among the letters of a text; 1 if it has no letters."""
    letters = [char for char in text if char.isalpha()]
    return sum(map(is_hanzi, letters)) / len(letters) if letters else 1.0
