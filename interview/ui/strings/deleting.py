"""Words of deleting, of undoing it, and of backups."""

WORDS: dict[str, tuple[str, str]] = {
    "deleting.session": ("删除「{title}」？", "Delete “{title}”?"),
    "deleting.answer": ("删除这个回答？", "Delete this answer?"),
    "deleting.all": ("删除全部数据？", "Delete everything?"),
    "deleting.extent_session": (
        "{answers} 个回答、{grades} 份成绩，以及讨论、笔记和复习安排，都会删除。",
        "This deletes {answers:answer|answers} and {grades:grade|grades}, with discussions, notes and ratings.",
    ),
    "deleting.extent_answer": (
        "{answers} 个回答（包括针对它的追问）、{grades} 份成绩，以及讨论、笔记和复习安排，都会删除。"
        "题目留在记录里，算作跳过。",
        "This deletes {answers:answer|answers} (its follow-ups are counted) and {grades:grade|grades}, with "
        "discussions, notes and ratings. The question stays in the transcript as skipped.",
    ),
    "deleting.extent_all": (
        "{sessions} 份记录、{answers} 个回答、{grades} 份成绩，以及要点、复习安排、评测和花费，都会删除。"
        "这个浏览器里的草稿马上清除，不能撤销。评分器的设置和密钥不删。",
        "This deletes {sessions:session|sessions}, {answers:answer|answers} and {grades:grade|grades}, with key "
        "points, the schedule, evaluations and costs. Drafts in this browser are cleared at once, which cannot be "
        "undone. The settings and keys of graders stay.",
    ),
    "deleting.when": (
        "马上从列表、搜索、平均分和复习里消失；15 分钟内可以撤销，之后无法恢复。",
        "It disappears at once from lists, search, averages and the schedule. You can undo this for 15 minutes; after "
        "that nothing brings it back.",
    ),
    "deleting.copies": (
        "{n} 份备份里可能仍有这些内容，最新的一份是 {newest}。不需要时可以删除备份文件。",
        "{n:backup|backups} may still hold the text; the newest is {newest}. Delete the files when you need "
        "them no more.",
    ),
    "deleting.no_copies": ("没有备份还保留着这些内容。", "No backup holds the text."),
    "deleting.with_notes": ("上传的笔记也删除", "Delete uploaded notes too"),
    "deleting.with_backups": ("备份也删除", "Delete the backups too"),
    "deleting.word": ("全部删除", "delete everything"),
    "deleting.type": ("要继续，请输入「{word}」", "To go on, type “{word}”"),
    "deleting.confirm": ("删除", "Delete"),
    "deleting.cancel": ("取消", "Cancel"),
    "deleting.undo": ("撤销删除", "Undo"),
    "deleting.close": ("关闭", "Close"),
    "deleting.done_session": (
        "已删除「{title}」。{time} 之前可以撤销。",
        "Deleted “{title}”. You can undo this until {time}.",
    ),
    "deleting.done_answer": (
        "已删除这个回答。{time} 之前可以撤销。",
        "Deleted the answer. You can undo this until {time}.",
    ),
    "deleting.done_all": (
        "已删除全部数据。{time} 之前可以撤销。",
        "Deleted everything. You can undo this until {time}.",
    ),
    "deleting.wrong_word": (
        "没有删除：要输入「{word}」才会继续。",
        "Nothing was deleted: type “{word}” to go on.",
    ),
    "data.title": ("你的数据：备份与删除", "Your data: backups and deletion"),
    "data.backup": (
        "每天自动备份一次，保留最近 7 天。最新的备份是 {folder} 里的 {newest}。",
        "A backup is made every day and the last 7 are kept. The newest is {newest} in {folder}.",
    ),
    "data.no_backup": (
        "还没有备份。Viva 启动后会自动做一份；也可以运行 viva backup。",
        "There is no backup yet. Viva makes one after it starts; `viva backup` makes one now.",
    ),
    "data.problem": ("上一次备份失败：{problem}", "The last backup failed: {problem}"),
    "data.pending": ("已删除，还可以撤销", "Deleted, can still be undone"),
    "data.pending_session": ("记录「{label}」，{time} 彻底删除", "Session “{label}”, for good at {time}"),
    "data.pending_answer": ("回答：{label}，{time} 彻底删除", "Answer to “{label}”, for good at {time}"),
    "data.pending_all": ("全部数据，{time} 彻底删除", "Everything, for good at {time}"),
    "data.undo": ("撤销", "Undo"),
    "data.now": ("现在就彻底删除", "Delete for good now"),
    "data.everything": ("删除全部数据…", "Delete everything…"),
    "room.delete_answer": ("删除回答", "Delete answer"),
}
