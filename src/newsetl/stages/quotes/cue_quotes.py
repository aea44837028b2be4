"""Quotes with a verb, participle or noun of speech before them or after their marks."""

from newsetl.stages.quotes.afterthoughts import find_afterthought, find_taken_up, takes_up
from newsetl.stages.quotes.classes import base_word, starts_speaker
from newsetl.stages.quotes.content import Content, clause_type, read_content
from newsetl.stages.quotes.edges import find_clause_stop, trim
from newsetl.stages.quotes.found import Found
from newsetl.stages.quotes.lexicon import Form
from newsetl.stages.quotes.names import Phrase
from newsetl.stages.quotes.objects import find_object_quote
from newsetl.stages.quotes.openers import Opener, find_opener
from newsetl.stages.quotes.relays import find_relay
from newsetl.stages.quotes.scene import Scene
from newsetl.stages.quotes.speakers import find_phrase
from newsetl.stages.quotes.subjects import find_subject_before, is_lone_object

_SUBJECT_WORDS = 7
_BYLINE = 8  # tokens from كتب to the colon after its author
_DASHES = frozenset("-–—:")
# Verbs that often have an object of their own between them and the marks.
_TRANSITIVE = frozenset(
    ("announce", "demand", "accuse", "describe", "praise", "criticise", "denial", "claim", "commit", "express",
     "threat", "complain", "belief", "wish", "admit", "inform", "advise", "agree", "decree", "text", "show", "relay",
     "repeat")
)  # fmt: skip


def find_cue_quote(scene: Scene, at: int, form: Form, last: Found | None) -> Found | None:
    if is_silent(scene, at, form):
        return None
    if takes_up(scene, at, form):
        return find_taken_up(scene, at, form, last)
    opener = find_opener(scene, at, form)
    if opener is None:
        return (
            find_object_quote(scene, at, form)
            or find_afterthought(scene, at, form, last)
            or _find_bare_clause(scene, at, form)
        )
    if form.kind == "noun" and opener.at > at + _noun_reach(scene, at, form, opener):
        return None
    content = read_content(scene, opener)
    if content is None:
        return None
    if len(content.segments) == 1 and _is_only_subject(scene, content):
        return None  # ذكرت تقارير أن الوزير قال إن: the inner verb has the quote
    if form.lemma in scene.cues.relays:
        return find_relay(scene, at, form, opener, content)
    return _attribute(scene, at, form, opener, content) or find_object_quote(scene, at, form)


def _attribute(scene: Scene, at: int, form: Form, opener: Opener, content: Content) -> Found | None:
    """The quote with its speaker's words after or before the cue; None when an object owns the marks."""
    first = at + 2 if form.cue_class == "text" and scene.key(at + 1) == "في" else at + 1  # جاء في البيان
    phrase = None if form.kind == "participle" else find_phrase(scene, first, opener.at)
    if opener.kind == "span" and form.cue_class in _TRANSITIVE and not _reaches(scene, at + 1, phrase, opener.at):
        return None
    is_loose = form.cue_class in ("describe", "accuse", "belief") or "q" in form.frames
    if phrase is not None and is_loose and not _is_strong(scene, phrase):
        phrase = None  # more likely the object: وصف الوضع بأنه
    if phrase is not None and is_lone_object(scene, at, phrase):
        phrase = None
    if form.lemma == "وجد" and not (phrase is not None and _is_research(scene, phrase)):
        return None
    before = find_subject_before(scene, at, form)
    if phrase is None or (before is not None and starts_speaker(scene, before.first)):
        phrase = before or phrase
    return Found(content, (at, at + 1), form, phrase, content.stop)


def _find_bare_clause(scene: Scene, at: int, form: Form) -> Found | None:
    """Words without أن or a colon, set off by a comma or a name in marks: وقال الوزير، تم فتح الطريق."""
    if form.kind != "verb" or form.suffixed or form.cue_class not in ("neutral", "continue") or "weak" in form.frames:
        return None
    number = scene.span_at[at + 1] if at + 1 < scene.sentence_stop[at] else -1
    reach = scene.spans[number].last + 1 if number >= 0 else scene.sentence_stop[at]
    phrase = find_phrase(scene, at + 1, reach)
    if phrase is None or phrase.first != at + 1:
        return None
    is_marked = number >= 0 and scene.key(phrase.stop)[0].isalpha()
    if not is_marked and not (_is_strong(scene, phrase) and scene.key(phrase.stop) == "،"):
        return None
    first, stop = trim(scene, phrase.stop, find_clause_stop(scene, phrase.stop))
    if stop - first < _SUBJECT_WORDS or scene.keys[first].removeprefix("و") in scene.cues.circumstances:
        return None
    if scene.keys[first] in scene.words.boundaries or scene.keys[first] in scene.words.relatives:
        return None
    return Found(Content(clause_type(scene, first, stop), ((first, stop),), stop), (at, at + 1), form, phrase, stop)


def _noun_reach(scene: Scene, at: int, form: Form, opener: Opener) -> int:
    """How many tokens after a noun its content may begin: at once, after its owner, or after a blessing."""
    if not form.suffixed:
        owner = find_phrase(scene, at + 1, opener.at)
        is_owned = owner is not None and owner.first == at + 1 and _is_strong(scene, owner)
        return owner.stop - at if owner is not None and is_owned else 1
    return 8 if opener.kind == "colon" else 4


def is_silent(scene: Scene, at: int, form: Form) -> bool:
    """Is the cue negated, or the article's own voice?"""
    before = scene.key(at - 1)
    if before in scene.cues.negations and form.kind == "verb":
        return True
    if before in scene.cues.conditions and form.cue_class in ("belief", "fear"):
        return True
    if (
        form.kind == "verb"
        and form.lemma[0] == "ا"
        and form.cue_class in ("belief", "fear", "wish")
        and scene.tokens.text[scene.tokens.starts[at] + form.joined] == "أ"
    ):
        return True  # first person: أعتقد
    return _is_other_word(scene, at, form) or _is_byline(scene, at, form) or _is_author_voice(scene, at, form)


def _is_byline(scene: Scene, at: int, form: Form) -> bool:
    """كتب - نادر الصباغ: at the start of the article tells who wrote it."""
    if form.lemma != "كتب" or form.joined or scene.paragraph[at] > 0 or scene.sentence_start[at] != at:
        return False
    colon = next((i for i in range(at + 1, min(at + _BYLINE, len(scene.keys))) if scene.keys[i] in ":\n"), at)
    return scene.key(at + 1) in _DASHES or (
        scene.key(colon) == ":" and scene.span_at[min(colon + 1, len(scene.keys) - 1)] < 0
    )


def _is_other_word(scene: Scene, at: int, form: Form) -> bool:
    """Forms that report only in one place: ، متوقعا أن, لافتة إلى (else a banner), not يمكن القول إن."""
    before = scene.key(at - 1)
    if form.kind == "participle":
        if form.lemma == "توقع":
            return before != "،"
        return form.lemma == "لفت" and "الى" not in (scene.key(at + 1), scene.key(at + 2))
    if form.lemma == "قول" and not form.suffixed:
        is_purpose = scene.keys[at].startswith("لل")  # عاد للقول إن
        return before != "الى" and not is_purpose and all(near is None for near in scene.forms[max(0, at - 3) : at])
    return form.lemma == "اعتبار" and before == "على"


def _is_author_voice(scene: Scene, at: int, form: Form) -> bool:
    """يذكر أن and the like; المصدر يرجح أن has its subject before it and is a report."""
    key = scene.keys[at].removeprefix("و")
    if key in scene.cues.author_voice:
        following = scene.key(at + 1) if scene.key(at + 1) != "الى" else scene.key(at + 2)
        if following in scene.cues.bare or following in scene.cues.suffixed:
            return key == "يفترض" or form.joined or not scene.key(at - 1).startswith("ال")
    return key == "يذكر" and scene.key(at + 1).startswith("ان")


def _is_only_subject(scene: Scene, content: Content) -> bool:
    """Is the content no more than the subject of another verb of speech that follows?"""
    first, stop = content.segments[0]
    at = content.stop + (scene.key(content.stop) == "،")
    form = scene.forms[at] if at < len(scene.forms) else None
    if form is None or form.kind != "verb" or form.joined or stop - first > _SUBJECT_WORDS:
        return False
    if content.type != "indirect":
        return False
    phrase = find_phrase(scene, first, stop)
    return phrase is not None and phrase.first == first and stop - phrase.stop <= 1


def _is_strong(scene: Scene, phrase: Phrase) -> bool:
    """Is the phrase headed by a word that the tables know as a speaker, or a name?"""
    return starts_speaker(scene, phrase.first) or (phrase.name is not None and phrase.kind == "person")


def _is_research(scene: Scene, phrase: Phrase) -> bool:
    """Is the subject a study or people without names? Only their findings are reports: وجدت الدراسة أن."""
    return base_word(scene.keys[phrase.first]) in scene.words.texts or phrase.kind == "anonymous"


def _reaches(scene: Scene, first: int, phrase: Phrase | None, stop: int) -> bool:
    """Does nothing but the speaker and adjuncts stand between a verb and its marks? An object would own them."""
    at = phrase.stop if phrase is not None else first
    if at >= stop or scene.key(stop - 1) in (":", "ب", "الى"):
        return True
    words = scene.words
    while at < stop - 1 and (scene.keys[at] in words.times or scene.keys[at] == "،"):
        at += 1
    key = scene.keys[at]
    return (
        not words.media.isdisjoint(scene.keys[at:stop])
        or (key in words.boundaries and key != "عن")
        or key in words.times
        or not key[:1].isalnum()
        or key in ("في", "على", "ل")
        or key[0] == "ل"
    )
