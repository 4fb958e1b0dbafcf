"""The words of a transcript in Chinese and English."""

from interview.models import Language, UngradedReason

WORDS: dict[str, dict[Language, str]] = {
    "started": {"zh": "开始", "en": "Started"},
    "finished": {"zh": "结束", "en": "Finished"},
    "not_finished": {"zh": "未结束", "en": "not finished"},
    "session": {"zh": "场次", "en": "Session"},
    "asked": {"zh": "已问题数", "en": "Asked"},
    "judged_mean": {"zh": "判定平均分", "en": "Mean of the judged answers"},
    "attempt": {"zh": "第 {n} 次作答", "en": "attempt {n}"},
    "hinted": {"zh": "看过提示后作答", "en": "answered after a hint"},
    "revealed": {"zh": "看过参考答案后作答", "en": "answered after the reference was shown"},
    "answer": {"zh": "回答", "en": "Answer"},
    "skipped": {"zh": "已跳过。", "en": "Skipped."},
    "open": {"zh": "未作答。", "en": "Not answered."},
    "reference": {"zh": "参考答案", "en": "Reference answer"},
    "grade": {"zh": "评分", "en": "Grade"},
    "ungraded": {"zh": "未评分", "en": "Not graded"},
    "pending": {"zh": "等待评分", "en": "Waiting to be graded"},
    "self_graded": {"zh": "自评", "en": "Own verdict"},
    "judgement": {"zh": "模型判定，引文已由程序核对", "en": "judged by a model, quotes checked by code"},
    "coverage_estimate": {
        "zh": "要点覆盖估计，不判断对错",
        "en": "coverage estimate, not a judgement of correctness",
    },
    "provisional": {"zh": "暂定：笔记中没有参考答案", "en": "provisional: the notes hold no reference answer"},
    "points": {"zh": "要点", "en": "Key points"},
    "bonus": {"zh": "加分", "en": "bonus"},
    "weight": {"zh": "权重", "en": "weight"},
    "covered": {"zh": "覆盖", "en": "covered"},
    "partial": {"zh": "部分", "en": "partial"},
    "missing": {"zh": "缺失", "en": "missing"},
    "contradicted": {"zh": "相反", "en": "contradicted"},
    "cannot_assess": {"zh": "无法判断", "en": "cannot be assessed"},
    "unverified": {"zh": "引文不在回答中：", "en": "the quoted words are not in the answer:"},
    "not_held": {"zh": "单独再看一次，引文没有说出这一点：", "en": "looked at again alone, the quote does not say it:"},
    "criteria": {"zh": "标准", "en": "Criteria"},
    "findings": {"zh": "错误陈述", "en": "Wrong statements"},
    "pitfall": {"zh": "误区", "en": "pitfall"},
    "error": {"zh": "错误", "en": "error"},
    "minor": {"zh": "轻微", "en": "minor"},
    "major": {"zh": "严重", "en": "major"},
    "doubt": {"zh": "评分器怀疑参考答案", "en": "The grader doubts the reference answer"},
    "disputed": {"zh": "有争议", "en": "disputed"},
    "unsure": {"zh": "不确定", "en": "unsure"},
    "sum": {"zh": "算式", "en": "Sum"},
    "flags": {"zh": "标记", "en": "Flags"},
    "feedback": {"zh": "反馈", "en": "Feedback"},
    "made_by": {"zh": "评分依据", "en": "Made by"},
    "digests": {"zh": "题目 {question} · 参考答案 {reference}", "en": "question {question} · reference {reference}"},
}

REASONS: dict[UngradedReason, dict[Language, str]] = {
    "language_mismatch": {
        "zh": "回答与参考答案的文字不同，覆盖估计无法比较",
        "en": "answer and reference are in different scripts, which the coverage estimate cannot compare",
    },
    "no_reference": {"zh": "没有参考答案", "en": "there is no reference answer to compare with"},
    "unreachable": {"zh": "无法连接模型服务", "en": "the endpoint could not be reached"},
    "timed_out": {"zh": "模型服务超时", "en": "the endpoint took too long"},
    "rate_limited": {"zh": "请求过于频繁", "en": "the endpoint limits how often it may be asked"},
    "server_fault": {"zh": "模型服务内部错误", "en": "the endpoint failed"},
    "bad_reply": {"zh": "模型的回复无法使用", "en": "the model's reply could not be used"},
    "key_refused": {"zh": "密钥被拒绝", "en": "the key was refused"},
    "model_unknown": {"zh": "模型不存在", "en": "the endpoint does not know the model"},
    "quota_exhausted": {"zh": "额度已用完", "en": "the quota is used up"},
    "context_exceeded": {"zh": "超出模型的上下文长度", "en": "the text is longer than the model can read"},
    "content_refused": {"zh": "模型服务拒绝了内容", "en": "the endpoint refused the content"},
    "request_refused": {"zh": "模型服务拒绝了请求", "en": "the endpoint refused the request"},
    "abstained": {"zh": "模型无法判断的内容过多", "en": "the model could not assess too much of the rubric"},
    "grader_unknown": {"zh": "此处没有配置该评分器", "en": "the grader is not configured here"},
    "internal_error": {"zh": "内部错误", "en": "an internal error"},
}


def word(key: str, lang: Language, **values: object) -> str:
    """Return the word for `key`, with its blanks filled."""
    return WORDS[key][lang].format(**values)
