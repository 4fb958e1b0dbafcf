"""What earns 0 without asking a model: a closed list of cases, each of which can be no answer to the question."""

import re
from typing import Literal

from interview.grading.grader import GradingRequest
from interview.grading.key_points import split_reference
from interview.grading.provenance import Named, provenance
from interview.grading.words import closest, content_words, plain
from interview.models import Graded, PointGrade, Question
from interview.text import CJK, fold, script

GuardRule = Literal["symbols_only", "non_answer", "question_copy", "unrelated_words"]

_GUARD = Named("guard", "guard")
_LONGEST_NON_ANSWER = 80
_FEWEST_WORDS = 3
_ANY_WORD = re.compile(rf"[{CJK}]|(?:(?![{CJK}])\w)+")
_EDGES = " \t\r\n.,:;!?。，、：；！？…·'\"`“”‘’()（）[]-"

# Folded text: no spaces, no punctuation, lower case.
_NON_ANSWERS = (
    "不知道|不太知道|不晓得|不会|不会做|不会答|不太会|不清楚|不太清楚|不了解|不太了解|不懂|不太懂|没学过|没听过|没听说过|没复习|没复习到|没看过"
    "|忘了|忘记了|忘光了|不记得|不记得了|记不得了|记不清|记不清了|想不起来|想不出来|没想法|没有想法|没思路|没有思路|没有头绪|无法回答|答不上来"
    "|答不出来|看不懂|看不懂题|看不懂题目|题目看不懂|不确定|放弃|我放弃|未作答|没有答案|无答案|没有回答"
    "|i?dontknow|i?donotknow|i?dontknowtheanswer|i?donotknowtheanswer|idk|i?dunno|ihavenoidea|noidea|ihavenoclue|noclue"
    "|i?forgot|i?forget|i?cantremember|i?cannotremember|i?dontremember|i?donotremember|i?cantanswer|i?cannotanswer"
    "|i?cantanswerthis|i?cannotanswerthis|i?cantanswerthisquestion|i?dontunderstand|i?donotunderstand"
    "|i?dontunderstandthequestion|i?donotunderstandthequestion|imnotsure|iamnotsure|notsure|igiveup|giveup"
    "|noanswer|noresponse|nosubmission|beatsme"
)
_BEFORE = "抱歉|对不起|不好意思|额|呃|嗯|唔|这个|这题|这道题|我|真的|真|也|还|完全|暂时|sorry|um|uh|hm+|well|honestly"
_AFTER = "了|啊|呀|哦|吧|呢|哎|唉|诶|哈+|sorry|抱歉|谢谢"
_NON_ANSWER = re.compile(f"(?:(?:{_BEFORE})*(?:{_NON_ANSWERS})(?:{_AFTER})*)+")
# Words that open or stand in for an answer; where the notes use them they may be the answer itself.
_EMPTY_WORDS = re.compile(
    "解|解答|答|答案|答案是|答案如下|解析|解题过程|思考过程|让我们一步一步地?思考|让我们一步步思考|让我们一步一步地?解决这个问题|略|跳过|同上|见上"
    "|かいせつ|解説|答え|respuesta|solución|lösung|antwort|réponse"
    "|solution|thesolution|answer|theanswer|theansweris|finalanswer|thoughtprocess|reasoning|explanation"
    "|letu?s(?:think|solvethis|solveit|solvethisproblem|workthrough|workthroughthis)stepbystep|na|skip|sameasabove"
)
_VERDICT = re.compile(
    "yes|no|true|false|correct|incorrect|right|wrong|对|对的|错|错的|错误|正确|不对|不正确|是|是的|不是|否|能|不能|可以|不可以|会|不会|有|没有|确定|不确定"
)
_ASKS_FOR_VERDICT = re.compile(
    r"吗|是否|能否|可否|会否|有没有|是不是|能不能|会不会|可不可以|对不对|正确|错误|判断|对还是错"
    r"|\btrue\b|\bfalse\b|\bwhether\b|\bor not\b"
    r"|(?:^|[.?!,;:]\s*)(?:is|are|was|were|does|do|did|can|could|will|would|should|has|have|had|may|must)\b"
)


def settle(request: GradingRequest) -> Graded | None:
    """Return a grade of 0 when the answer needs no judge, else None.

    The flag `guard:<rule>` names the rule of `guard_rule`. All key points are missing; nothing was sent anywhere.
    """
    rule = guard_rule(request.question, request.answer)
    if rule is None:
        return None
    question, rubric = request.question, request.rubric
    return Graded(
        score=0.0,
        max_score=rubric.max_score,
        band=rubric.band(0.0),
        label="judgement",
        provisional=not question.has_reference,
        key_points=tuple(
            PointGrade(**point.model_dump(), verdict="missing", verified=True) for point in split_reference(question)
        ),
        flags=(f"guard:{rule}",),
        sum=f"{rubric.max_score:g} × 0 = 0",
        provenance=provenance(_GUARD, question, rubric.ref),
    )


def guard_rule(question: Question, answer: str) -> GuardRule | None:
    """Return which closed case the answer is, or None: then it may be right, however short.

    `symbols_only`: no letter or digit, and not a sign that the notes use. `non_answer`: the whole answer says «I don't
    know» or only opens an answer. `question_copy`: the question, any number of times, and nothing else but that.
    `unrelated_words`: fewer than 3 words (a Chinese character counts as one), none of which occurs in the reference
    or the key points. Every word counts here, not content words alone: «it is the same» can be a full answer. The
    rule never holds for numbers, for yes and no where a verdict is asked for, for
    initials of words there, for another script than that of the notes, or where there is no reference: key points
    alone may have been made up by a model.
    """
    known = "\n".join((question.reference, *(point.text for point in question.key_points)))
    folded = fold(answer).text
    quoted = _quoted(answer, known)
    if not any(character.isalnum() for character in answer):
        return None if quoted else "symbols_only"
    asked = fold(question.text).text
    rest = folded.replace(asked, "") if asked else folded
    if rest != folded and (not rest or _is_non_answer(rest)):
        return "question_copy"
    verdict = _VERDICT.fullmatch(folded) is not None
    if verdict and _ASKS_FOR_VERDICT.search(question.text.lower()):
        return None
    if _is_non_answer(folded) or (_EMPTY_WORDS.fullmatch(folded) and not _quoted(answer, known, alone=True)):
        return "non_answer"
    if quoted or not question.has_reference or not (verdict or _comparable(answer, known)):
        return None
    return "unrelated_words" if _unrelated(answer, known) else None


def _quoted(answer: str, known: str, *, alone: bool = False) -> bool:
    """Whether the notes have the whole answer, as whole words; `alone`: «解» in «缓解» is another word."""
    sought, there = plain(answer).text.strip(_EDGES), plain(known).text
    if not sought:
        return False
    before, after = _word_like(sought[0], alone), _word_like(sought[-1], alone)
    opens, closes = (f"(?<!{before})" if before else ""), (f"(?!{after})" if after else "")
    return re.search(opens + re.escape(sought) + closes, there) is not None


def _word_like(edge: str, alone: bool) -> str:
    """The characters that would make a longer word of one with this edge."""
    if edge.isascii() and edge.isalnum():
        return "[a-z0-9]"
    return f"[{CJK}]" if alone and re.match(f"[{CJK}]", edge) else ""


def _is_non_answer(folded: str) -> bool:
    return len(folded) <= _LONGEST_NON_ANSWER and _NON_ANSWER.fullmatch(folded) is not None


def _comparable(answer: str, known: str) -> bool:
    """Whether an absence of common words can say anything about the answer."""
    numbers = any(character.isnumeric() for character in answer)  # the notes may spell them out
    return not numbers and {script(answer), script(known)} != {"cjk", "latin"}


def _unrelated(answer: str, known: str) -> bool:
    answer_plain, known_plain = plain(answer), plain(known)
    if len(_ANY_WORD.findall(answer_plain.text)) >= _FEWEST_WORDS:
        return False
    words = {word.text for word in content_words(answer_plain)}
    known_words = sorted({word.text for word in content_words(known_plain)})
    initials = "".join(word[0] for word in re.findall(r"[^\W\d_]+", known_plain.text))
    return not any(
        word in known_words or closest(word, known_words)[0] or (len(word) > 1 and word in initials) for word in words
    )
