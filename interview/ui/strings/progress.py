"""Words of the report of a session and of the Progress tab."""

WORDS: dict[str, tuple[str, str]] = {
    # --- both
    "few.n": ("还太少，说不准（n = {n}）", "too few to say (n = {n})"),
    "sure.1": ("没底", "guessing"),
    "sure.2": ("大致", "fairly sure"),
    "sure.3": ("很有把握", "certain"),
    "spent.seconds": ("{n} 秒", "{n} s"),
    "spent.minutes": ("{n} 分钟", "{n} min"),
    "spent.hours": ("{h} 小时 {n} 分钟", "{h} h {n} min"),
    # --- report of a session
    "report.mean_few": ("；还太少，说不准", "; too few answers to say"),
    "report.answering": ("作答用时 {time}", "{time} spent answering"),
    "report.elapsed": ("全程 {time}", "{time} in all"),
    "report.study": ("接下来学这些", "Study next"),
    "report.confidence": ("把握和得分", "Confidence and score"),
    "report.strongest": ("最强的要点", "Strongest points"),
    "report.questions": ("每道题", "Question by question"),
    "report.attempts": ("答了 {n} 次", "{n:attempt|attempts}"),
    "report.follow_ups": ("追问 {n}", "{n:follow-up|follow-ups}"),
    "study.skipped": ("跳过了", "skipped"),
    "study.contradicted": ("说反了 {n} 个要点", "{n:point|points} contradicted"),
    "study.missing": ("漏了 {n} 个要点", "{n:point|points} missing"),
    "study.partial": ("{n} 个要点只说到一部分", "{n:point|points} only in part"),
    "study.not_found": ("估计：{n} 个要点没提全", "estimate: {n:point|points} not fully found"),
    "study.revealed": ("看过答案才作答", "answered after seeing the answer"),
}
