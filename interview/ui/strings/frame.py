"""Words of the header and the tabs."""

WORDS: dict[str, tuple[str, str]] = {
    "brand.name": ("Viva", "Viva"),
    "tab.practice": ("练习", "Practice"),
    "tab.transcripts": ("记录", "Transcripts"),
    "tab.progress": ("进度", "Progress"),
    "tab.questions": ("题库", "Questions"),
    "tab.graders": ("评分器", "Graders"),
    "top.grader": ("评分器", "Grader"),
    "top.language": ("EN", "中"),
    "top.dark": ("◐", "◐"),
    "grader.self": ("自评", "oneself"),
    "grader.coverage": ("覆盖度估计（离线）", "Coverage estimate (offline)"),
    "waiting.count": ("等待评分：{n} · {why}", "Waiting for a grade: {n} · {why}"),
    "waiting.by_itself": (
        "回答都已保存，会自动重试，不用守着。",
        "The answers are saved, and are tried again by themselves.",
    ),
    "waiting.changed": (
        "回答都已保存。在「评分器」页改好设置后会自动重试。",
        "The answers are saved, and are tried again once the settings are changed on the Graders tab.",
    ),
    "waiting.retry": ("立即全部重试", "Retry all now"),
    "left_out": (
        "backends.toml 有 {n} 处不能用，没有采用。请在文件里改好，再打开「评分器」页。",
        "{n:part|parts} of backends.toml cannot be used, so Viva goes on without. Correct the file, then open the "
        "Graders tab.",
    ),
    "banner.title": ("没有连接模型。", "No model is connected."),
    "banner.text": (
        "现在用离线的要点覆盖度估计，不是对错判断；也不计入统计。",
        "Answers get an offline coverage estimate, not a judgement of correctness, and stay out of the statistics.",
    ),
    "banner.how": ("连接一个模型", "Connect a model"),
    "banner.go": (
        "在这里添加：选服务，贴密钥，选模型",
        "Add one here: service, key, model",
    ),
    "banner.step.openai": (
        "或者在命令行里，用 OpenAI：设置 OPENAI_API_KEY。",
        "Or in the shell. OpenAI: set OPENAI_API_KEY.",
    ),
    "banner.step.other": (
        "用其他兼容的服务或本机模型：设置 OPENAI_BASE_URL 和 VIVA_MODEL（需要密钥时再设 OPENAI_API_KEY）。",
        "Any compatible service or a local model: set OPENAI_BASE_URL and VIVA_MODEL (and OPENAI_API_KEY if it asks).",
    ),
    "banner.step.restart": (
        "写进 .env 或环境变量，然后重新启动。回答会发给你填写的地址，不会发给别处。",
        "Put them into .env or the environment and restart. Answers go to the address you named and nowhere else.",
    ),
}
