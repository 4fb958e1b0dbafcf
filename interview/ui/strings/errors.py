"""Words of errors, by class; of a BackendError by its fault."""

WORDS: dict[str, tuple[str, str]] = {
    "error.VivaError": ("出了一点问题。", "Something went wrong."),
    "error.ContentError": ("内容用不了。", "The content cannot be used."),
    "error.EndpointMistake": ("这个设置用不了。", "The setting cannot be used."),
    "error.TextTooLong": (
        "这段文字太长了（最多 {limit:,} 个字），什么都没有改变。",
        "The text is too long (at most {limit:,} characters); nothing was changed.",
    ),
    "error.AnswerRefused": (
        "这个回答不能提交（最多 {limit:,} 个字），它还在输入框里。",
        "The answer cannot be taken (at most {limit:,} characters); it is still in the box.",
    ),
    "error.VerdictRefused": ("这一步做不了，什么都没有改变。", "That cannot be done; nothing was changed."),
    "error.AlreadyAnswered": (
        "这一题已经有另一个回答了。你写的还在输入框里。",
        "This question already has another answer. Your text is still in the box.",
    ),
    "error.ChecklistRefused": ("要点没有变，原因如下。", "The key points stay as they were."),
    "error.ChecklistChanged": (
        "要点已经有了更新的版本。你写的还在框里：对照新版本，再保存一次。",
        "The key points have a newer version. Yours are still in the box: compare, then save again.",
    ),
    "error.OrderChanged": (
        "顺序刚才在别处改过，这一步没有保存。下面是现在的顺序。",
        "The order was changed elsewhere, so this step was not saved. Below is the order as it is now.",
    ),
    "error.TooLate": (
        "这个安排已经不能改了，复习计划没有变。",
        "This rating cannot be changed any more; your schedule is as it was.",
    ),
    "error.ModelNeeded": (
        "覆盖度估计没有模型可问。请在右上角换一个评分器。",
        "The coverage estimate has no model to ask. Choose another grader at the top.",
    ),
    "error.NotFound": ("找不到了。刷新页面再试。", "It is not there any more. Reload the page."),
    "error.StoreError": (
        "数据文件夹用不了，什么也没有写进去。",
        "The data folder cannot be used; nothing was written.",
    ),
    "error.GraderLeftOut": (
        "backends.toml 里写这个评分器的地方有错，现在用不了。请改好文件，再打开「评分器」页。",
        "What backends.toml says about this grader cannot be used. Correct the file, then open the Graders tab.",
    ),
    "error.Deleted": (
        "这里的内容已经删除，所以没有保存。你写的还在输入框里：撤销删除，或者重新提问。",
        "This was deleted, so nothing was stored. Your text is still in the box: undo the deletion, or ask anew.",
    ),
    "error.StoreBusy": (
        "数据库正被另一个程序占用，没有写进去。你写的还在，请再试一次。",
        "Another program holds the database; nothing was written. Your text is kept: try again.",
    ),
    "error.DamagedRow": (
        "数据库里有一条内容损坏了，其余的还能用。可以从备份恢复（viva restore）。",
        "A stored row is damaged; the rest can be used. A backup has it as it was (viva restore).",
    ),
    "error.DamagedDatabase": (
        "数据库文件损坏了，没有改动它。请停止 Viva，再从备份恢复（viva restore）。",
        "The database file is damaged and was left as it is. Stop Viva and restore a backup (viva restore).",
    ),
    "upload.full": (
        "正在等待处理的上传太多，没有接收。请过一会儿再试。",
        "Too many uploads are waiting, so this one was not taken. Try again later.",
    ),
    "upload.broken": (
        "上传中断或格式不对，没有接收。请再选一次文件。",
        "The upload was cut off or is not a file, and was not taken. Choose the file again.",
    ),
    "error.StoreHeld": ("另一个程序正在使用这个数据文件夹。", "Another process uses this data folder."),
}
