"""Words of long work, by its kind while it runs and by how it ended."""

WORDS: dict[str, tuple[str, str]] = {
    "job.audit": ("正在审查参考答案…", "Checking the reference…"),
    "job.audit_done": ("审查完毕，有争议 {n} 处", "Checked: {n:statement|statements} disputed"),
    "job.key_points": ("正在提取要点…", "Looking for key points…"),
    "job.key_points_done": ("要点已提取", "Key points found"),
    "job.import": ("正在导入…", "Importing…"),
    "job.import_all": ("正在导入全部数据…", "Importing everything…"),
    "job.export_all": ("正在打包全部数据…", "Packing everything…"),
    "job.discussion": ("模型在写回复…", "The model is writing…"),
    "job.improved_answer": ("模型在改进你的回答…", "The model is improving your answer…"),
    "job.regrade": ("正在重评…", "Regrading…"),
    "job.regrade_done": ("重评完毕：{n} 个回答有了新成绩。", "Done: {n:answer|answers} graded anew."),
    "job.regrade_failed": (
        "重评完毕：{n} 个回答有了新成绩，{m} 个没有评上，可以再试。",
        "Done: {n:answer|answers} graded anew, {m} came to no grade and can be tried again.",
    ),
    "job.failed": ("没有成功，你写的都在。", "That did not work. What you wrote is kept."),
    "job.stopped": ("已停止，做完的都保留了。", "Stopped. What was done is kept."),
    "job.share": ("完成 {n}/{m}", "{n} of {m}"),
    "job.stop": ("停止", "Stop"),
}
