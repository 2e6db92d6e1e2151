"""What stands on the card of a photograph, in English and Korean."""

CARDS: dict[str, tuple[str, str]] = {
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
        "{threshold}.",
        "의뢰 안 함: {positive} 확률 {p}이(가) 기준값 {threshold}보다 낮습니다.",
    ),
    "missed_some": (
        "That excludes nothing: at this operating point {missed} of the {n} test "
        "photographs of {positive} were missed{interval}.",
        "배제할 수 있다는 뜻이 아닙니다: 이 작동점에서 {positive} 시험 사진 {n}장 중 "
        "{missed}장을 놓쳤습니다{interval}.",
    ),
    "missed_none": (
        "At this operating point none of the {n} test photographs of {positive} was "
        "missed{interval}; others may be.",
        "이 작동점에서 {positive} 시험 사진 {n}장 중 놓친 것은 없지만{interval}, 다른 "
        "사진은 놓칠 수 있습니다.",
    ),
    "missed_share": (
        "That excludes nothing: at this operating point {missed} of 100 test "
        "photographs of {positive} were missed{interval}, counted among {n} of all "
        "classes.",
        "배제할 수 있다는 뜻이 아닙니다: 이 작동점에서 {positive} 시험 사진 100장당 "
        "{missed}장을 놓쳤습니다{interval}. 모든 분류의 시험 사진 {n}장에서 셌습니다.",
    ),
    "missed_none_share": (
        "At this operating point none of the test photographs of {positive} was "
        "missed{interval}, among {n} of all classes; others may be.",
        "이 작동점에서 {positive} 시험 사진 중 놓친 것은 없지만{interval}, 다른 사진은 "
        "놓칠 수 있습니다. 모든 분류의 시험 사진 {n}장에서 셌습니다.",
    ),
    "missed_unknown": (
        "How many {positive} are missed is not known: no test photograph showed any.",
        "{positive}을(를) 얼마나 놓치는지 알 수 없습니다: 시험 사진에 없었습니다.",
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
        "Of 100 photographs like those of training, {n} get this warning wrongly.",
        "학습 사진과 비슷한 사진 100장 중 {n}장에 이 경고가 잘못 나옵니다.",
    ),
    "attention_of": (
        "Where {arm} saw {positive}",
        "{arm}이(가) {positive}의 근거로 본 곳",
    ),
    "attention_alt": (
        "Attention of the network {arm} on {name}; yellow: much, violet: none",
        "{name}에 대한 신경망 {arm}의 주목 영역; 노랑: 많음, 보라: 없음",
    ),
    "attention_share": (
        "{share} of the attention lies inside the lesion, which covers {area} of the "
        "photograph.",
        "주목의 {share}가 병변 안에 있고, 병변은 사진의 {area}입니다.",
    ),
    "attention_map": (
        "Yellow spoke most for {positive}, violet not at all; a map of {grid} fields, "
        "of the first network, over what it is shown.",
        "노란 곳이 {positive}의 근거로 가장 크고 보라는 근거가 없습니다. 첫 번째 "
        "신경망이 보는 사진 위에 그린 {grid}칸 지도입니다.",
    ),
    "attention_folds": (
        "Here it is shown the outline above, on which most segmenters agree; it was "
        "judged with that of its own fold alone.",
        "여기서는 분할 신경망 다수가 동의한 위의 윤곽을 썼고, 판정할 때는 해당 폴드의 "
        "윤곽만 썼습니다.",
    ),
    "attention_gone": (
        "The picture made room for later ones; drop the photograph again.",
        "이후 사진을 위해 지워졌습니다. 사진을 다시 넣으세요.",
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
        "They are numbered, not shown: their licence is not known.",
        "라이선스를 알 수 없어 번호만 표시합니다.",
    ),
}
