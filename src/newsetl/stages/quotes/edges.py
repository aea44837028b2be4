"""Where reported words end: a new cue, the article's own voice, the end of the sentence."""

from newsetl.stages.quotes.openers import find_opener, is_weak
from newsetl.stages.quotes.scene import Scene, Span
from newsetl.stages.quotes.turning import EXCEPT, LINKS, RELATIVES, SILENT, TOLD, WHATEVER

_TURNING = frozenset(("continue", "indicate", "explain", "assert", "express"))  # مضيفا, معربا end a clause anywhere
_ABOUT = frozenset(("وعن", "وحول", "وبشان", "وردا"))
_REFUSALS = frozenset(("رفض", "نفى"))
_PREFIXES = frozenset("ايتن")  # of the imperfect: وسنعود, وستبدأ
_TRIM = frozenset("،,؛;:.-–—/…(")
_NAME_WORDS = 4
_QUESTION = 20  # tokens of a question that the narrator puts in between
_CONTRAST_REACH = 7  # tokens from لكن to a verb of speech
_SOURCE_WORDS = 14  # a source without a comma before it must be what the sentence ends with


def trim(scene: Scene, first: int, stop: int) -> tuple[int, int]:
    """The range without punctuation at its edges; marks that were opened inside stay."""
    while stop > first and scene.keys[stop - 1] in _TRIM and scene.span_at[stop - 1] < 0:
        stop -= 1
    while first < stop and scene.keys[first] in _TRIM and scene.span_at[first] < 0:
        first += 1
    return first, stop


def is_cue_at(scene: Scene, at: int) -> bool:
    return (at < len(scene.forms) and scene.forms[at] is not None) or scene.key(at) in scene.cues.according


def find_speech_stop(scene: Scene, first: int) -> int:
    """The end of unmarked speech after a colon: the paragraph, or the sentence before the next cue."""
    place = scene.paragraph[first]
    stop = scene.sentence_stop[first]
    clause = find_clause_stop(scene, first)
    if clause < stop:
        return clause
    while True:
        after = stop
        while after < len(scene.keys) and scene.key(after) in ".؟?!…" and scene.paragraph[after] == place:
            after += 1
        if after >= len(scene.keys) or scene.paragraph[after] != place or scene.key(after) == "\n":
            return stop
        if (
            any(_is_sure_cue(scene, at) for at in range(after, min(after + 4, len(scene.keys))))
            or scene.span_at[after] >= 0
            or (after == stop + 1 and _is_story(scene, after))
            or find_clause_stop(scene, after) < scene.sentence_stop[after]
        ):
            return _before_question(scene, first, stop)
        stop = scene.sentence_stop[after]
        if stop <= after:
            return after


def _before_question(scene: Scene, first: int, stop: int) -> int:
    """Speech ends before the interviewer's question: ... في القرية، وعن الأسعار؟ قال."""
    if scene.key(stop) not in "؟?" or stop + 1 >= len(scene.forms) or scene.forms[stop + 1] is None:
        return stop
    commas = (at for at in range(stop - 1, max(first, stop - _QUESTION), -1) if scene.keys[at] in "،,")
    comma = next(commas, stop)
    return comma if scene.key(comma + 1) in scene.cues.contrasts and scene.key(comma + 1)[0] == "و" else stop


def _is_sure_cue(scene: Scene, at: int) -> bool:
    """Is the token a cue and no homograph such as عبر (through)?"""
    form = scene.forms[at]
    return is_cue_at(scene, at) and (
        form is None or "weak" not in form.frames or find_opener(scene, at, form) is not None
    )


def _is_story(scene: Scene, at: int) -> bool:
    """Does و at the head of a sentence go on with the narrator's story, and not with what is to come or is argued?"""
    key = scene.keys[at]
    if key[0] != "و":
        return False
    if key[1:] in scene.cues.arguments or key[1:2] == "ي":
        return False
    return not (key[1:2] == "س" and key[2:3] in _PREFIXES)


def find_clause_stop(scene: Scene, first: int, longest: int = 0) -> int:
    """The end of a reported clause: the sentence's end, a new cue, or where the article's own voice goes on.

    Args:
        longest: How many tokens to look at; 0 for the whole sentence.
    """
    at, stop = first, scene.sentence_stop[first] if first < len(scene.keys) else first
    stop = min(stop, first + longest) if longest else stop
    while at < stop:
        number = scene.span_at[at]
        if number >= 0:
            at = scene.spans[number].last + 1
            if _ends_with_marks(scene, scene.spans[number], stop):
                return at
            continue
        if at > first and _is_abrupt_cue(scene, at):
            return _comma_before(scene, at, first)
        if at > first and _ends_clause(scene, first, at):
            return at - (scene.key(at - 1) in scene.words.relative_openings)  # الذي قال: ...
        at = min(scene.next_turn(at), stop)
    return max(at, first)


def _ends_clause(scene: Scene, first: int, at: int) -> bool:
    return (
        (_is_new_cue(scene, at) and not _is_main_verb(scene, first, at))
        or (at > first + 3 and _is_source_phrase(scene, at))
        or _is_author_voice(scene, at)
        or _is_described(scene, at)
    )


def _is_described(scene: Scene, at: int) -> bool:
    """A relative clause with a report of its own: والتي وصفتها بأنها ..., ، التي قال إنها ..."""
    form = scene.forms[at + 1] if at + 1 < len(scene.forms) else None
    if form is None or scene.keys[at].removeprefix("و") not in RELATIVES:
        return False
    if form.suffixed and form.cue_class in ("describe", "belief"):
        return find_opener(scene, at + 1, form) is not None
    return scene.key(at - 1) == "،" and form.lemma == "قال" and scene.key(at + 2) in scene.cues.suffixed


def _ends_with_marks(scene: Scene, span: Span, stop: int) -> bool:
    """Does the narrator take over at a comma after marked words: ... "...", إذ? Not before وأن or more marks."""
    after = span.last + 1
    if span.words < _NAME_WORDS or after + 1 >= stop or scene.keys[after] not in "،,؛":
        return False
    key = scene.keys[after + 1]
    joined = key[1:] if key[0] == "و" else key
    if joined in scene.cues.bare or joined in scene.cues.suffixed:
        return False
    return all(scene.span_at[at] < 0 for at in range(after, stop))


def _is_main_verb(scene: Scene, first: int, at: int) -> bool:
    """Is a verb after the first comma the clause's own: إنه بعد شهرين، أبلغت الوزارة ...?"""
    form = scene.forms[at]
    start = first + (scene.keys[first] in scene.cues.suffixed)
    if form is None or form.kind != "verb" or form.joined or scene.key(start) not in scene.cues.circumstances:
        return False
    return scene.key(at - 1) == "،" and all(scene.keys[i] != "،" for i in range(start, at - 1))


def _is_new_cue(scene: Scene, at: int) -> bool:
    form = scene.forms[at]
    if form is None or form.kind == "noun":
        return False
    before = scene.key(at - 1)
    if scene.key(at + 1) == ":" and form.kind == "verb" and "weak" not in form.frames:
        return before not in scene.cues.negations
    if form.kind == "participle":
        if "weak" in form.frames:
            return before == "،" and find_opener(scene, at, form) is not None
        return before in "،,)" or form.cue_class in _TURNING or find_opener(scene, at, form) is not None
    if (
        form.suffixed
        or form.kind == "passive"
        or before in scene.words.relative_openings
        or before in scene.cues.negations
    ):
        return False
    if not form.joined and (before not in ("،", "فيما", "بينما", "كما", "حين") or "weak" in form.frames):
        return False
    paused = before == "،" or scene.span_at[at - 1] >= 0
    if form.joined and paused and "weak" not in form.frames and not form.imperfect:
        return True
    opener = find_opener(scene, at, form)
    if opener is not None and opener.kind == "span" and form.joined and form.imperfect and before.isalpha():
        return False  # الاقتراح جائر ويدعو للأسف في وقت "...": a second predicate
    return opener is not None and ("weak" not in form.frames or opener.at <= at + 6)


def _is_abrupt_cue(scene: Scene, at: int) -> bool:
    """A new verb of speech in mid sentence, with a colon or marks of its own: وعن المباريات قال: «...»."""
    form = scene.forms[at]
    if form is None or form.kind != "verb" or form.joined or form.suffixed or is_weak(scene, at, form):
        return False
    if scene.key(at - 1) in scene.words.relative_openings or scene.key(at - 1) in scene.cues.negations:
        return False
    opener = find_opener(scene, at, form)
    return opener is not None and opener.kind != "clause" and opener.at <= at + 4


def _comma_before(scene: Scene, at: int, first: int) -> int:
    """The last comma shortly before a new cue, where the old clause ended; else the cue itself."""
    return next((i for i in range(at - 1, max(first, at - 9), -1) if scene.keys[i] == "،"), at)


def _is_measure(scene: Scene, at: int) -> bool:
    """A noun that measures or rules and says nothing: حسب الحاجة."""
    return scene.key(at).removeprefix("ال") in scene.cues.manners


def _is_source_phrase(scene: Scene, at: int) -> bool:
    key = scene.keys[at]
    after = scene.cues.according.get(key) if key != "حد" else None
    if after is not None and key != "وحسب":
        if _is_measure(scene, at + 1) or (after == "الى" and scene.key(at - 1) != "،"):
            return False
        closes = scene.key(at - 1) in "،,»)" or scene.sentence_stop[at] - at <= _SOURCE_WORDS
        return closes and (not after or after == "ل" or scene.key(at + 1) == after)
    if key in WHATEVER:
        return True
    return (
        key == "على"
        and scene.key(at + 1) == "حد"
        and (scene.key(at + 2) in ("قول", "تعبير", "وصف") or scene.key(at + 2) in scene.cues.pronoun_sources)
    )


def _speaker_follows(scene: Scene, at: int) -> bool:
    """After لكن and the like: does a subject with a verb of speech and its content follow, or a verb at once?"""
    paused = "،" in (scene.key(at - 2), scene.key(at - 3))
    for near in range(at, min(at + _CONTRAST_REACH, scene.sentence_stop[at] if at < len(scene.keys) else at)):
        form = scene.forms[near]
        if form is not None and form.kind == "verb" and not form.joined and "weak" not in form.frames:
            is_sure = near == at and (paused or scene.keys[at - 1] == "بينما")
            is_sure = is_sure or (paused and scene.keys[at - 1] in _ABOUT)  # ، وحول ذلك صرح
            return not form.suffixed and (is_sure or find_opener(scene, near, form) is not None)
    return False


def _is_withheld(scene: Scene, at: int) -> bool:
    """What the speaker did not say: لكنه لم يحدد, إلا أنه رفض الإفصاح."""
    after = at + 1
    if scene.keys[at] in EXCEPT and scene.key(after).startswith("انه"):
        after += 1
    elif scene.keys[at].removeprefix("و") not in SILENT:
        return False
    form = scene.forms[after] if after < len(scene.forms) else None
    if form is not None and form.lemma in _REFUSALS:
        return True
    said = scene.forms[after + 1] if after + 1 < len(scene.forms) else None
    return scene.key(after) in scene.cues.negations and said is not None and said.cue_class != "belief"


def _cue_follows(scene: Scene, at: int) -> bool:
    """Does a verb of speech with its content follow لكنه, or حيث after a comma: لكنه شدد على أن, ، حيث أكد أن?"""
    if scene.keys[at] == "حيث" and scene.key(at - 1) != "،":
        return False
    for near in range(at + 1, min(at + _CONTRAST_REACH, scene.sentence_stop[at])):
        form = scene.forms[near]
        if form is not None and form.kind == "verb" and not form.joined and not form.suffixed:
            return "weak" not in form.frames and find_opener(scene, near, form) is not None
        if scene.keys[at] in LINKS or scene.keys[near] == "،":
            return False
    return False


def _is_author_voice(scene: Scene, at: int) -> bool:
    key = scene.keys[at]
    link = _link_words(scene, at)
    if link and (_speaker_follows(scene, at + link) or _is_source_at(scene, at + 1)):
        return True
    if (key in SILENT or key in LINKS) and _cue_follows(scene, at):
        return True
    if key == "كما" and _is_plain_cue(scene, at + 1) and _cue_follows(scene, at):
        return True
    if _is_withheld(scene, at):
        return True
    if scene.key(at - 1) not in "،,؛":
        return False
    if key == "وذلك":
        return scene.key(at + 1) in scene.cues.occasions
    if key == "وقد":
        return _is_plain_cue(scene, at + 1)
    return (
        key in scene.cues.narrators
        or f"{key} {scene.key(at + 1)}" in scene.cues.narrator_pairs
        or key.removeprefix("و") in TOLD
    )


def _is_source_at(scene: Scene, at: int) -> bool:
    """Does a prepositional source stand right after a link: لكن بحسب رويترز فإن?"""
    return scene.keys[at - 1] not in EXCEPT and scene.key(at) in scene.cues.according and scene.key(at) != "حد"


def _is_plain_cue(scene: Scene, at: int) -> bool:
    """Is the token a verb of speech and no homograph: ، وقد أكدت ذلك?"""
    form = scene.forms[at] if at < len(scene.forms) else None
    return form is not None and form.kind == "verb" and "weak" not in form.frames


def _link_words(scene: Scene, at: int) -> int:
    """How many words a contrasting link takes: لكن, في حين, في الوقت الذي; 0 for other words."""
    key, following = scene.keys[at], scene.key(at + 1)
    if key in scene.cues.contrasts or key.removeprefix("و") in scene.words.turns:
        return 1
    if key in ("من", "ومن") and following in scene.words.turns:
        return 2
    if f"{key} {following}" in ("في حين", "قبل ان"):
        return 2
    return 3 if key == "في" and following in ("الوقت", "وقت") and scene.key(at + 2) == "الذي" else 0
