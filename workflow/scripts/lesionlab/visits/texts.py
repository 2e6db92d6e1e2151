"""What the page says, in English and Korean: a text in both, or none at all."""

from lesionlab.visits.captions import CARDS

LANGUAGES = {"en": "English", "ko": "한국어"}

TEXTS: dict[str, tuple[str, str]] = {
    **CARDS,
    "title": ("LesionLab", "LesionLab"),
    "research_only": (
        "Research only, not a medical device. It can be wrong; it replaces no "
        "examination.",
        "연구용이며 의료기기가 아닙니다. 결과가 틀릴 수 있고 진료를 대신하지 않습니다.",
    ),
    "language": ("Language", "언어"),
    "intro": (
        "Finds the lesion on skin photographs and says how likely each class is. "
        "The networks are those of run {run}; their classes are {classes}. Photographs "
        "stay on this computer, in memory only, and are forgotten when you leave.",
        "피부 사진에서 병변을 찾고 각 분류의 확률을 보여 줍니다. 사용하는 신경망은 "
        "실행 {run}의 것이며 분류는 {classes}입니다. 사진은 이 컴퓨터의 메모리에만 "
        "있으며 페이지를 떠나면 지워집니다.",
    ),
    "drop_title": ("Photographs", "사진"),
    "drop": (
        "Choose photographs, or drop them here",
        "사진을 고르거나 여기에 끌어다 놓으세요",
    ),
    "drop_limits": (
        "JPEG, PNG, WebP or TIFF; {at_once} at once, each up to {megabytes} MB and "
        "{megapixels} million pixels, {waiting} MB in all. A drop replaces the last.",
        "JPEG, PNG, WebP, TIFF; 한 번에 {at_once}장까지, 한 장에 {megabytes} MB와 "
        "{megapixels}00만 화소까지, 모두 합해 {waiting} MB까지. 새로 넣으면 이전 "
        "사진은 지워집니다.",
    ),
    "busy": (
        "The last drop is still being read, and this one was not taken; drop it again "
        "afterwards.",
        "이전 사진을 아직 읽는 중이라 이번 사진은 받지 않았습니다. 끝난 뒤 다시 "
        "넣으세요.",
    ),
    "unlisted": (
        "{n} more files of this drop were not judged; no more than {lines} get a line.",
        "이번에 넣은 파일 {n}개는 판정하지 않았습니다. {lines}개까지만 표시합니다.",
    ),
    "sending": ("Reading {done} of {all}", "{all}장 중 {done}장 읽는 중"),
    "judging": ("Judging {done} of {all}", "{all}장 중 {done}장 판정 중"),
    "attending": (
        "Attention: {done} of {all}",
        "주목 영역: {all}장 중 {done}장",
    ),
    "done": (
        "Done: {judged} judged, {refused} refused",
        "완료: {judged}장 판정, {refused}장 거부",
    ),
    "nothing": ("No photographs are kept", "보관 중인 사진이 없습니다"),
    "forgotten": ("Everything was forgotten", "모두 지웠습니다"),
    "slider": (
        "Operating point: of 100 {positive}, find",
        "작동점: {positive} 100건 중 찾을 건수",
    ),
    "slider_info": (
        "The more are found, the more others are sent on too. A photograph is sent on "
        "to a physician if its probability of {positive} reaches the threshold.",
        "더 많이 찾을수록 다른 분류도 더 많이 의뢰됩니다. {positive} 확률이 기준값 "
        "이상인 사진을 의사에게 의뢰합니다.",
    ),
    "meaning_title": (
        "What this operating point means",
        "이 작동점의 의미",
    ),
    "meaning_of": (
        "Test photographs of each class that are sent on, {n} of all classes together; "
        "the threshold was chosen on {valid} others to find {wanted} of 100 {positive}",
        "분류별 시험 사진 중 의뢰되는 수, 모든 분류를 합해 {n}장; 기준값은 {positive} "
        "100건 중 {wanted}건을 찾도록 다른 {valid}장으로 정함",
    ),
    "meaning_of_folds": (
        "Test photographs of each class that are sent on, {n} of all classes together, "
        "counted fold by fold: by the fold's own networks and a threshold that was "
        "chosen without the lesions that they test, to find {wanted} of 100 "
        "{positive}. The threshold shown was chosen on all {valid} answers on "
        "validation photographs",
        "분류별 시험 사진 중 의뢰되는 수, 모든 분류를 합해 {n}장. 폴드마다 그 폴드의 "
        "신경망과, 시험하는 병변을 빼고 {positive} 100건 중 {wanted}건을 찾도록 정한 "
        "기준값으로 셈. 표시된 기준값은 검증 사진의 결과 {valid}건 전체로 정함",
    ),
    "count_of": ("{count} of {n}", "{n}장 중 {count}장"),
    "count_of_100": ("{count} of 100", "100장당 {count}장"),
    "interval": (
        " (interval: {low} to {high} of 100)",
        " (신뢰구간: 100장당 {low}~{high}장)",
    ),
    "arm": ("Network", "신경망"),
    "class": ("Class", "분류"),
    "threshold": ("Threshold", "기준값"),
    "found_of": ("{name} found", "찾은 {name}"),
    "sent_of": ("{name} sent on", "의뢰된 {name}"),
    "unknown": ("not known", "알 수 없음"),
    "attention": (
        "Show where the networks looked (Grad-CAM; slower)",
        "신경망이 주목한 곳 표시 (Grad-CAM, 느림)",
    ),
    "save_csv": ("Save table (CSV)", "표 저장 (CSV)"),
    "save_page": ("Save page for printing", "인쇄용 페이지 저장"),
    "forget": ("Forget everything", "모두 지우기"),
    "overview": ("All photographs", "전체 사진"),
    "overview_of": (
        "Decision and probability of {positive} by each network",
        "신경망별 결정과 {positive} 확률",
    ),
    "made_by": (
        "Model of run {run}, LesionLab {version}, SHA-256 {identity}",
        "실행 {run}의 모델, LesionLab {version}, SHA-256 {identity}",
    ),
    "saved_at": ("Saved {when}", "저장: {when}"),
    # reasons why a file was refused
    "too_many": (
        "more than {at_once} at once; drop it again by itself",
        "한 번에 {at_once}장을 넘었습니다. 따로 다시 넣으세요",
    ),
    "too_large": ("more than {megabytes} MB", "{megabytes} MB를 넘습니다"),
    "no_room": (
        "more than {waiting} MB wait; drop it again by itself",
        "대기 중인 사진이 {waiting} MB를 넘었습니다. 따로 다시 넣으세요",
    ),
    "not_sent": (
        "could not be read or sent; drop it again",
        "읽거나 보내지 못했습니다. 다시 넣으세요",
    ),
    "too_many_pixels": (
        "more than {megapixels} million pixels",
        "{megapixels}00만 화소를 넘습니다",
    ),
    "too_few_pixels": (
        "less than {smallest} pixels a side",
        "한 변이 {smallest}화소보다 작습니다",
    ),
    "too_wide": (
        "more than {widest} pixels a side",
        "한 변이 {widest}화소를 넘습니다",
    ),
    "large_tile": (
        "a TIFF with too large tiles",
        "TIFF의 타일이 너무 큽니다",
    ),
    "no_picture": (
        "neither JPEG, PNG, WebP nor TIFF",
        "JPEG, PNG, WebP, TIFF 사진이 아님",
    ),
    "pointer": (
        "a Git LFS pointer, not the photograph",
        "사진이 아니라 Git LFS 포인터",
    ),
    "empty": ("empty file", "빈 파일"),
    "truncated": ("truncated: the end is missing", "끝부분이 없는 파일"),
    "damaged": ("damaged", "손상된 파일"),
    "too_dark": ("16 bits, and too dark", "16비트이며 너무 어두움"),
    "unreadable": ("cannot be decoded", "해독할 수 없는 파일"),
    "failed": (
        "could not be judged; see what is printed where lesionlab was started",
        "판정하지 못했습니다. lesionlab을 시작한 곳의 출력을 확인하세요",
    ),
}


def say(key: str, language: str, **values: object) -> str:
    """Say a text in a language.

    Parameters
    ----------
    key : str
        Of :data:`TEXTS`.
    language : str
        Of :data:`LANGUAGES`.
    **values : object
        What the text names in braces.

    Returns
    -------
    str
    """
    return TEXTS[key][list(LANGUAGES).index(language)].format(**values)


def choose_language(accepted: str) -> str:
    """Choose a language by a browser's header ``Accept-Language``: the first known."""
    for wish in accepted.split(","):
        code = wish.split(";")[0].strip().lower().split("-")[0]
        if code in LANGUAGES:
            return code
    return next(iter(LANGUAGES))
