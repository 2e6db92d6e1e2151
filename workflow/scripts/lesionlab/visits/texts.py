"""What the page says, in English and Korean: a text in both, or none at all."""

LANGUAGES = {"en": "English", "ko": "한국어"}

TEXTS: dict[str, tuple[str, str]] = {
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
        "JPEG, PNG, WebP or TIFF; {most} at once, each up to {megabytes} MB and "
        "{megapixels} million pixels",
        "JPEG, PNG, WebP, TIFF; 한 번에 {most}장까지, 한 장에 {megabytes} MB, "
        "{megapixels}백만 화소까지",
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
    "nothing": ("No photographs yet", "아직 사진이 없습니다"),
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
        "Of 100 photographs of each class, so many are sent on (counted on {n} test "
        "photographs; chosen on {valid} others to find {wanted} of 100 {positive})",
        "분류별 사진 100장 중 의뢰되는 수 (시험 사진 {n}장으로 셈; {positive} 100건 중 "
        "{wanted}건을 찾도록 다른 {valid}장으로 정함)",
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
    "photograph": ("Photograph", "사진"),
    "sent": ("Send on", "의뢰"),
    "kept": ("Not sent on", "의뢰 안 함"),
    "sent_why": (
        "Send on: the probability of {positive}, {p}, reaches the threshold "
        "{threshold}.",
        "의뢰: {positive} 확률 {p}이(가) 기준값 {threshold} 이상입니다.",
    ),
    "kept_why": (
        "Not sent on: the probability of {positive}, {p}, is below the threshold "
        "{threshold}. That excludes nothing: at this operating point {missed} of 100 "
        "{positive} are missed.",
        "의뢰 안 함: {positive} 확률 {p}이(가) 기준값 {threshold}보다 낮습니다. 배제할 "
        "수 있다는 뜻이 아닙니다: 이 작동점에서 {positive} 100건 중 {missed}건을 "
        "놓칩니다.",
    ),
    "no_point": (
        "No decision: no validation photograph showed {positive}, so no threshold "
        "could be chosen.",
        "결정 없음: 검증 사진에 {positive}이(가) 없어 기준값을 정할 수 없습니다.",
    ),
    "undecided": ("No decision", "결정 없음"),
    "refused": ("Refused", "거부"),
    "outline": ("Outline", "윤곽"),
    "outline_alt": (
        "{name} with the outline of the lesion, which covers {share} of it",
        "{name}, 사진의 {share}를 차지하는 병변의 윤곽선 표시",
    ),
    "no_outline_alt": (
        "{name}; no lesion was found on it",
        "{name}, 병변을 찾지 못함",
    ),
    "outline_note": ("lesion: {share} of the photograph", "병변: 사진의 {share}"),
    "cutout": ("Cut-out", "잘라낸 병변"),
    "cutout_alt": (
        "The lesion of {name} alone, on black",
        "{name}의 병변만 검은 배경에 표시",
    ),
    "arm_original": (
        "sees the whole photograph",
        "사진 전체를 봅니다",
    ),
    "arm_segmented": (
        "sees the lesion alone, cut out along its outline",
        "윤곽을 따라 잘라낸 병변만 봅니다",
    ),
    "arm_hair_removed": (
        "sees the photograph with its hair painted over",
        "털을 지운 사진을 봅니다",
    ),
    "arm_other": ("an arm of the run", "이 실행의 한 조건"),
    "networks": ("{n} networks together", "신경망 {n}개의 평균"),
    "one_network": ("one network", "신경망 1개"),
    "probability": ("Probability", "확률"),
    "probability_words": (
        "Of 100 photographs with such an answer, {n} show {name}, if the classes "
        "are as frequent as assumed: {prevalence}.",
        "이런 결과가 나온 사진 100장 중 {name}은(는) {n}입니다. 단, 분류의 빈도가 "
        "가정과 같을 때입니다: {prevalence}.",
    ),
    "about": ("about {n}", "약 {n}장"),
    "fewer_than_one": ("fewer than 1", "1장 미만"),
    "more_than_99": ("more than 99", "99장 초과"),
    "warnings": ("Warnings", "경고"),
    "no_warning": (
        "No warning: measured like the training photographs.",
        "경고 없음: 측정값이 학습 사진과 비슷합니다.",
    ),
    "blurred": (
        "Blurred: less sharp than the training photographs.",
        "흐림: 학습 사진보다 선명하지 않습니다.",
    ),
    "over-exposed": (
        "Over-exposed: more of it is burnt out than of the training photographs.",
        "과다 노출: 학습 사진보다 하얗게 날아간 부분이 많습니다.",
    ),
    "no lesion found": (
        "No lesion found, or a smaller one than in training.",
        "병변을 찾지 못했거나 학습 사진의 병변보다 작습니다.",
    ),
    "unlike the training data": (
        "Unlike the training photographs: the answer is a guess.",
        "학습 사진과 다름: 결과는 추측에 가깝습니다.",
    ),
    "warning_alarms": (
        "On photographs like those of training, this warning is wrong {n} times "
        "in 100.",
        "학습 사진과 비슷한 사진에서 이 경고는 100번 중 {n}번 잘못 나옵니다.",
    ),
    "attention_of": (
        "Where {arm} saw {positive}",
        "{arm}이(가) {positive}의 근거로 본 곳",
    ),
    "attention_alt": (
        "Attention of the network {arm} on {name}, {share} of it inside the lesion; "
        "yellow: much, violet: none",
        "{name}에 대한 신경망 {arm}의 주목 영역, 병변 안에 {share}; 노랑: 많음, "
        "보라: 없음",
    ),
    "attention_share": (
        "{share} of the attention lies inside the lesion, which covers {area} of the "
        "photograph. Yellow spoke most for {positive}, violet not at all; a map of "
        "{grid} fields, of the first network.",
        "주목의 {share}가 병변 안에 있고, 병변은 사진의 {area}입니다. 노란 곳이 "
        "{positive}의 근거로 가장 크고 보라는 근거가 없습니다. 첫 번째 신경망의 "
        "{grid}칸 지도입니다.",
    ),
    "attention_nothing": (
        "Nothing on the photograph spoke for {positive}.",
        "사진에서 {positive}의 근거가 된 곳이 없습니다.",
    ),
    "attention_none": (
        "This network has no feature maps from which attention could be drawn, as a "
        "vision transformer has none, or it is shown too small a picture.",
        "이 신경망에는 주목 영역을 그릴 특징 지도가 없습니다 (예: 비전 트랜스포머, "
        "또는 입력 사진이 너무 작음).",
    ),
    "attention_missing": (
        "This model holds no weights of this network to draw attention from.",
        "이 모델에는 주목 영역을 그릴 가중치가 없습니다.",
    ),
    "neighbours": (
        "Most similar training photographs",
        "가장 비슷한 학습 사진",
    ),
    "neighbour_alt": (
        "Training photograph {id}, {label}",
        "학습 사진 {id}, {label}",
    ),
    "neighbours_licence": ("Licence: {licence}", "라이선스: {licence}"),
    "neighbours_hidden": (
        "They are named but not shown: their licence is not known.",
        "라이선스를 알 수 없어 이름만 표시합니다.",
    ),
    "made_by": (
        "Model of run {run}, LesionLab {version}, SHA-256 {identity}",
        "실행 {run}의 모델, LesionLab {version}, SHA-256 {identity}",
    ),
    "saved_at": ("Saved {when}", "저장: {when}"),
    # reasons why a file was refused
    "too_many": (
        "more than {most} at once; drop it again by itself",
        "한 번에 {most}장을 넘었습니다. 따로 다시 넣으세요",
    ),
    "too_large": ("more than {megabytes} MB", "{megabytes} MB를 넘습니다"),
    "not_sent": (
        "could not be read or sent; drop it again",
        "읽거나 보내지 못했습니다. 다시 넣으세요",
    ),
    "too_many_pixels": ("{why}", "화소가 너무 많음 ({why})"),
    "too_few_pixels": ("{why}", "화소가 너무 적음 ({why})"),
    "no_picture": ("{why}", "JPEG, PNG, WebP, TIFF 사진이 아님 ({why})"),
    "empty": ("empty file", "빈 파일"),
    "damaged": ("{why}", "읽을 수 없음 ({why})"),
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
