"""Where the body of a page is: layouts of Arabic news sites, each made small, and the article's own lines."""

from itertools import count

import pytest

from newsetl.stages.body import find_body
from newsetl.stages.outline import MAX_DEPTH, PageTooLargeError, outline_page, read_name

P = (
    "افتتحت بلدية المرفأ صباح اليوم سوقا جديدة للسمك تضم أربعين بسطة وبرادا كبيرا يعمل على الطاقة الشمسية.",
    "وقال رئيس البلدية سامي الدقر إن السوق ستعمل طوال أيام الأسبوع، وإن الصيادين لن يدفعوا رسوما في سنتها الأولى.",
    "وأضاف أن المرحلة الثانية تشمل مطعما صغيرا على الرصيف، وأن العمل فيها يبدأ بعد انتهاء موسم العواصف.",
    "ورحب صيادون بالسوق، لكنهم طالبوا بخفض ثمن الثلج وبطريق معبدة تصل الرصيف بالسوق قبل حلول الشتاء.",
)
OTHERS = (
    "مجلس الضفة يقر موازنة العام المقبل بعد جلسة طويلة",
    "نادي الميناء يتعاقد مع مدرب جديد لموسمين",
    "عودة الرحلات البحرية بين الجزيرة والبر",
    "معرض للكتب القديمة في ساحة القلعة",
)
SUMMARY = "أقر المجلس الموازنة بأغلبية أعضائه بعد نقاش استمر حتى ساعة متأخرة من الليل، وتحفظ ثلاثة منهم على بند الطرق."
MENU = "<ul>" + "".join(f"<li><a href='/{n}'>قسم {n}</a></li>" for n in range(12)) + "</ul>"
_numbers = count()


def paragraphs(*texts: str) -> str:
    return "".join(f"<p>{text}</p>" for text in texts or P)


def cards(tag: str = "div", summary: str = "") -> str:
    return "".join(
        f"<{tag} class='item'><a href='/s/{n}'><img src='{n}.jpg'></a><h3><a href='/s/{n}'>{title}</a></h3>"
        + (f"<p>{summary}</p>" if summary else "")
        + f"</{tag}>"
        for n, title in enumerate(OTHERS)
    )


def page(body: str, title: str = "سوق جديدة للسمك") -> str:
    return (
        f"<html><head><title>{title}</title></head><body><div id='top'>{MENU}</div>{body}"
        f"<div class='x9'><a href='/'>الرئيسية</a> <a href='/c'>اتصل بنا</a><p>كل الحقوق للضفة</p></div></body></html>"
    )


def body_of(html: str) -> tuple[str, ...]:
    return tuple(line.text for line in find_body(outline_page(page(html))).lines)


LAYOUTS = {
    "paragraphs in an article": f"<article><h1>سوق</h1>{paragraphs()}</article>",
    "no headline at all": f"<div><div>{paragraphs()}</div></div>",
    "lines broken by <br>": "<div>" + "<br><br>".join(P) + "</div>",
    "a table layout with its menu in the next cell": (
        f"<table><tr><td width=160>{MENU}</td><td><font size=4>" + "<br>".join(P) + "</font></td></tr></table>"
    ),
    "each paragraph in two boxes of its own": (
        "<main>" + "".join(f"<div class='z'><div class='q'><p>{text}</p></div></div>" for text in P) + "</main>"
    ),
    "divs instead of paragraphs": "<section>" + "".join(f"<div>{text}</div>" for text in P) + "</section>",
    "the text cut in two by an advertisement": (
        f"<div class='wrap'><div>{paragraphs(*P[:2])}</div><div class='ad-slot'>إعلان</div>"
        f"<div>{paragraphs(*P[2:])}</div></div>"
    ),
    "a page wrapped in a form": f"<form id='aspnetForm'><div>{MENU}</div><div>{paragraphs()}</div></form>",
    "a page named after its sidebar": f"<div class='with-sidebar has-comments'><div>{paragraphs()}</div></div>",
    "linked words inside paragraphs": paragraphs(
        P[0], P[1].replace("سامي الدقر", "<a href='/d'>سامي الدقر</a>"), *P[2:]
    ),
    "a list of other stories inside the article": (
        f"<article><h1>سوق</h1>{paragraphs(*P[:2])}<div class='k'>{cards()}</div>{paragraphs(*P[2:])}</article>"
    ),
    "other stories with summaries inside the article": (
        f"<article><h1>سوق</h1><div class='t'>{paragraphs()}</div><section>{cards('div', SUMMARY)}</section></article>"
    ),
    "other stories as articles around it": (
        f"<div><article><h1>سوق</h1>{paragraphs()}</article>{cards('article', SUMMARY)}</div>"
    ),
    "a box of links with its header": (
        f"<article>{paragraphs()}<h3>مواضيع أخرى</h3><ul>"
        + "".join(f"<li><a href='/{t}'>{t}</a></li>" for t in OTHERS)
        + "</ul></article>"
    ),
    "comments of readers below": (
        f"<article>{paragraphs()}</article><div id='comments'>"
        + "".join(f"<div class='comment'><p>{SUMMARY} رقم {n}</p></div>" for n in range(4))
        + "</div>"
    ),
    "captions of pictures": (
        f"<article>{paragraphs(*P[:2])}<figure><img src='a'><figcaption>منظر عام للسوق الجديدة عند الفجر، ويبدو "
        f"الرصيف الشرقي خلفها مزدحما بالقوارب.</figcaption></figure>{paragraphs(*P[2:])}</article>"
    ),
    "a second article loaded below": (
        f"<div><article><h1>سوق</h1>{paragraphs()}</article><article><h1>موازنة</h1>{paragraphs(SUMMARY)}</article></div>"
    ),
    "scripts and hidden boxes": (
        f"<article>{paragraphs()}<script>var s = '{SUMMARY}';</script><div style='display: none'>{SUMMARY}</div>"
        f"<p hidden>{SUMMARY}</p><template><p>{SUMMARY}</p></template></article>"
    ),
    "counters and buttons at both ends": (
        f"<article><div>15 مشاهدة</div><div>حجم الخط</div>{paragraphs()}<div>أعجبني</div><span>3</span></article>"
    ),
    "tags never closed": "<div><font><b>" + "".join(f"<p>{text}" for text in P),
}


@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
def test_the_body_is_the_articles_own_lines(layout):
    assert body_of(LAYOUTS[layout]) == P


def test_headings_lists_and_pull_quotes_of_the_article_stay_in_their_places():
    found = body_of(
        f"<article><h1>سوق</h1><p>{P[0]}</p><h2>من دون رسوم</h2><ul><li>أربعون بسطة للبيع</li><li>براد كبير</li></ul>"
        f"<p>{P[1]}</p><blockquote>{P[2]}</blockquote><p>{P[3]}</p></article>"
    )
    assert found == (P[0], "من دون رسوم", "أربعون بسطة للبيع", "براد كبير", P[1], P[2], P[3])


def test_a_live_blog_is_one_article():
    posts = "".join(
        f"<article class='post'><time>1{n}:00</time><h3>عنوان {n}</h3><p>{text}</p></article>"
        for n, text in enumerate(P)
    )
    found = body_of(f"<main><h1>مباشر</h1><div class='feed'>{posts}</div></main>")
    assert [text for text in found if text in P] == list(P)


def test_a_short_notice_is_found_beside_longer_teasers():
    teasers = cards("div", SUMMARY)
    assert body_of(
        f"<div class='c'><h1>سوق</h1><div class='t'><p>{P[0]}</p></div></div><div class='s'>{teasers}</div>"
    ) == (P[0],)


ABOUT = (
    "الضفة موقع إخباري مستقل تأسس في مدينة المرفأ، يعنى بأخبار الساحل وأهله، ويقدم تغطية يومية للشأن المحلي والبحري، "
    "وتنشر مواده تحت رخصة تتيح إعادة نشرها بشرط ذكر المصدر، ولا يتحمل الموقع مسؤولية التعليقات التي يكتبها القراء."
)
REMARKS = "".join(f"<div class='w'><b>قارئ {n}</b><p>{SUMMARY} {n}</p><a href='#'>رد</a></div>" for n in range(8))
HEADLINE = "بلدية المرفأ تفتتح سوقا"


@pytest.mark.parametrize("heading", ["h1", "h2"])
@pytest.mark.parametrize("above", ["", f"<div class='z'><p>{ABOUT}</p></div>"], ids=["", "notice above"])
@pytest.mark.parametrize("below", ["", f"<div class='q'><p>{ABOUT}</p></div>", f"<div class='q'>{REMARKS}</div>"])
def test_the_paragraphs_behind_the_headline_count_more_than_long_notices_and_remarks(heading, above, below):
    notice = (
        f"<div class='c'><{heading}>{HEADLINE}</{heading}><div>12 مارس 2020</div><div>{paragraphs(*P[:2])}</div></div>"
    )
    found = find_body(outline_page(page(above + notice + below, f"{HEADLINE} | الضفة"))).lines
    assert tuple(line.text for line in found) == P[:2]


def test_a_gallery_whose_text_is_in_its_captions_keeps_them():
    slides = "".join(f"<figure><img src='{n}'><figcaption>{text}</figcaption></figure>" for n, text in enumerate(P))
    assert body_of(f"<div class='gallery'>{slides}</div>") == P


def test_a_page_of_links_has_no_body():
    assert body_of(f"<div>{cards()}</div>") == ()


def test_a_page_is_as_sure_as_its_body_stands_out():
    article = f"<article>{paragraphs()}</article>"
    alone = find_body(outline_page(page(article))).sureness
    twins = find_body(outline_page(page(f"<div>{article}</div><div><div><div>{article}</div></div></div>"))).sureness
    assert alone > 0.9
    assert twins < 0.3


def test_a_page_nested_too_deep_is_refused():
    with pytest.raises(PageTooLargeError):
        outline_page("<div>" * (MAX_DEPTH + 10) + P[0])


def test_lines_lie_inside_the_ranges_of_their_boxes():
    outline = outline_page(page(LAYOUTS["a list of other stories inside the article"]))
    for box in outline.boxes:
        assert 0 <= box.start <= box.end <= len(outline.lines)
        assert box.parent is None or box.parent.start <= box.start <= box.end <= box.parent.end or box.parent.end == 0
    for at, line in enumerate(outline.lines):
        assert line.box.start <= at < line.box.end or line.box not in outline.boxes


NAMES = [
    ("relatedPosts", "beside"),
    ("td-post-sharing-bottom", "beside"),
    ("entry-content", "body"),
    ("td_block_wrap tdb_single_content tdi_70 td-post-content", "body"),
    ("wp-caption-text", "caption"),
    ("elementor-widget-theme-post-content", "body"),
    ("post-content-share", "beside"),
    ("inner-article", ""),
    ("biography", ""),
    ("position-relative", ""),
    ("address", ""),
    ("btn-group pull-left", ""),
    ("", ""),
]


@pytest.mark.parametrize(("name", "hint"), NAMES)
def test_names_of_elements_tell_what_is_in_them(name, hint):
    assert read_name(name).hint == hint
