"""Words of errors, by class; of a BackendError by its fault."""

WORDS: dict[str, tuple[str, str]] = {
    "error.VivaError": ("出了一点问题。", "Something went wrong."),
    "error.ContentError": ("内容用不了。", "The content cannot be used."),
    "error.EndpointMistake": ("这个设置用不了。", "The setting cannot be used."),
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
    "upload.too_large": (
        "文件超过 {limit} MB，没有接收。请把它拆成几份。",
        "The file is larger than {limit} MB and was not taken. Split it.",
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
