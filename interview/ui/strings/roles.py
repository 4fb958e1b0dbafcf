"""Words of who is asked first in each role, and who takes over."""

WORDS: dict[str, tuple[str, str]] = {
    "roles.title": ("谁先评，谁接替", "Who is asked first, and who takes over"),
    "roles.text": (
        "前一个失败了才轮到下一个，那时回答也会发到它的地址。每一步都立即保存、立即生效。",
        "The next one takes over only where the one before fails; the answer then goes to its address too. "
        "Each step is saved, and in force, at once.",
    ),
    "roles.judge": ("评分", "Judging"),
    "roles.judge_text": ("成绩上会写明是谁评的。", "The grade names who judged."),
    "roles.judge_empty": (
        "没有排顺序：选中的评分器单独评分，没有接替。",
        "No order yet: the chosen grader judges alone, and nobody takes over.",
    ),
    "roles.interviewer": ("面试官", "Interviewer"),
    "roles.interviewer_text": (
        "追问、讨论、提取要点、检查参考答案。",
        "Follow-ups, discussion, key points, audits of references.",
    ),
    "roles.interviewer_empty": ("没有另外指定：谁评分就问谁。", "Nobody of its own: whoever judges is asked."),
    "roles.no_backend": ("还没有后端，先添加一个。", "There is no backend yet; add one first."),
    "roles.up": ("上移", "Up"),
    "roles.down": ("下移", "Down"),
    "roles.out": ("去掉", "Leave out"),
    "roles.add": ("加入", "Add"),
    "roles.estimate": (
        "评分模型都失败时，改用覆盖度估计",
        "Where every judge fails, let the coverage estimate step in",
    ),
    "roles.estimate_text": (
        "不勾就不会用。它不是对错判断：结果会标明是估计，不计入统计。",
        "Never without your yes. It is no judgement of correctness: it is labelled as an estimate and stays out of the "
        "statistics.",
    ),
    "roles.now": ("现在生效：{chain}", "In force now: {chain}"),
    "roles.now_alone": ("，没有接替", ", and nobody takes over"),
    "roles.now_offline": (
        "现在选的是覆盖度估计，不会问任何模型。",
        "The coverage estimate is chosen now, so no model is asked.",
    ),
}
