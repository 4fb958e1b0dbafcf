"""Words of the evaluation of graders, on the Graders tab."""

WORDS: dict[str, tuple[str, str]] = {
    "measuring.title": ("评分器有多可靠", "How far graders can be trusted"),
    "measuring.text": (
        "用题库自带的标准答案、攻击和变形来量一个评分器。模型的每次评分都会留下：中断后再跑，不会重复付费。",
        "Measures a grader on answers of known coverage, on attacks, and on answers in disguise. "
        "Gradings by a model are kept as they come: a run that was stopped goes on without paying twice.",
    ),
    "measuring.grader": ("评分器", "Grader"),
    "measuring.suite": ("测什么", "What to measure"),
    "measuring.sample": ("抽多少题（攻击：多少条）", "Questions (or attacks)"),
    "measuring.run": ("测一遍 · {n} 次评分", "Measure · {n:grading|gradings}"),
    "measuring.stop": ("停下", "Stop"),
    "measuring.running": ("{grader} · {suite}：已评 {n}/{m}", "{grader} · {suite}: {n} of {m} graded"),
    "measuring.waiting": ("{grader} · {suite}：准备中", "{grader} · {suite}: getting ready"),
    "measuring.failed": ("{grader} · {suite} 没有完成：{problem}", "{grader} · {suite} did not finish: {problem}"),
    "measuring.stopped": (
        "{grader} · {suite} 停在 {n}/{m}。再测一遍会从这里接着来。",
        "{grader} · {suite} stopped at {n} of {m}. Measure again to go on from there.",
    ),
    "suite.golden": ("标准答案", "Known answers"),
    "suite.injection": ("攻击", "Attacks"),
    "suite.probes": ("变形", "Disguises"),
    # --- the best one
    "best.named": (
        "目前量过的里面最好的是 {grader}：{n} 个标准答案里，{share} 的要点判断与预期一致，比 {second} 高 {lead}。",
        "Best grader measured so far: {grader}. On {n} known answers it agrees on {share} of the key points, "
        "{lead} more than {second}.",
    ),
    "best.alike": (
        "{grader} 和 {second} 不相上下（{n} 个标准答案，{share}，只差 {lead}），分不出哪个更好。",
        "{grader} and {second} are alike ({n} known answers, {share}, {lead} apart): neither can be named the better.",
    ),
    "best.none": (
        "还没有可以比较的：要有两个评分器在同样的标准答案上量过。",
        "Nothing to compare yet: two graders have to be measured on the same known answers.",
    ),
    "best.rule": (
        "规则：在同样的标准答案上（至少 {least} 个，没评出的不超过 {failures}），"
        "要点判断与预期一致最多、领先至少 {lead} 的；攻击里骗过它又没被标出的超过 {fooled}，就不算。",
        "The rule: on the same known answers (at least {least}, at most {failures} of them without a grade) "
        "the one that agrees on most key points, by {lead} or more. "
        "One that more than {fooled} of the attacks fool unflagged is left out.",
    ),
    # --- the table
    "measured.title": ("最近一次的结果", "Latest figures"),
    "measured.empty": ("还没有量过任何评分器。", "No grader has been measured yet."),
    "measured.golden": ("要点判断一致", "key points agreed"),
    "measured.injection": ("骗过且没标出", "fooled unflagged"),
    "measured.probes": ("改坏后还剩的分", "score left when spoilt"),
    "measured.people": ("与人的相关 r", "r with people"),
    "measured.n": ("{n} 个评出，{m} 个没有", "{n} graded, {m} not"),
    "measured.order": ("次序 {n}", "order {n}"),
    "measured.mae": ("平均差 {n} 分", "mean error {n}"),
    "measured.qwk": ("QWK {n}，加权一致", "QWK {n}"),
    "measured.success": ("骗过 {n}", "fooled {n}"),
    "measured.flagged": ("正常回答误报 {n}", "honest ones flagged {n}"),
    "measured.above_zero": ("非回答得分 {n}", "non-answers that scored {n}"),
    "measured.same": ("该不变的变了 {n} 分", "moved {n} where nothing should"),
    "measured.calls": ("调用 {n} 次", "{n:call|calls}"),
    "measured.seconds": ("每次 {n}", "{n} each"),
    "measured.sample": ("抽样 {n}", "sample {n}"),
    "measured.trend": ("同样的题量过 {n} 次：{values}", "measured {n} times on the same answers: {values}"),
    "measured.low": ("越低越好", "lower is better"),
    # --- what candidates said
    "rates.title": ("你对成绩的异议", "What you said against grades"),
    "rates.empty": ("还没有模型评过的回答。", "No answer has been judged by a model yet."),
    "rates.grader": ("评分器", "Grader"),
    "rates.answers": ("评过的回答", "Answers judged"),
    "rates.appealed": ("申诉", "Appeals"),
    "rates.won": ("申诉成立", "Appeals won"),
    "rates.overridden": ("改判", "Overridden"),
    "rates.difference": ("改判平均差", "Mean change"),
}
