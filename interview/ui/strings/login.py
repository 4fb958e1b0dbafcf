"""Words of the login page, of refused requests, and of signing out."""

WORDS: dict[str, tuple[str, str]] = {
    "login.title": ("登录 Viva", "Sign in to Viva"),
    "login.text": (
        "这个 Viva 需要密码。密码由启动它的人设置。",
        "This Viva asks for the password that was set when it was started.",
    ),
    "login.again": (
        "登录已经过期，或者 Viva 重新启动了。这一页上写的都还在，登录以后接着用。",
        "You were signed out, or Viva was restarted. What you wrote on this page is still there; sign in to go on.",
    ),
    "login.password": ("密码", "Password"),
    "login.button": ("登录", "Sign in"),
    "login.wrong": ("密码不对，再试一次。", "That is not the password. Try again."),
    "login.wait": (
        "试的次数太多了。请 {n} 秒以后再试。",
        "Too many tries. Try again in {n:second|seconds}.",
    ),
    "login.other_language": ("English", "中文"),
    "login.out": ("退出", "Sign out"),
    "refused.login": ("请先登录。刷新页面就能登录。", "Sign in first: reload the page."),
    "refused.too_large": (
        "发送的内容太大了，这里最多 {limit}。什么也没有保存，请缩小以后再发。",
        "What was sent is too large: at most {limit} here. Nothing was saved; make it smaller and send it again.",
    ),
    "refused.too_slow": (
        "发送得太慢，连接断开了。什么也没有保存，请再发一次。",
        "The request came in too slowly and was cut off. Nothing was saved; send it again.",
    ),
    "refused.path": (
        "这里不能按路径读取笔记：谁都能打开这个 Viva。请上传文件，或者让启动它的人用 --notes 指定。",
        "Notes are not read by path here, because everybody can open this Viva. Upload the file, or have whoever runs "
        "Viva name it with --notes.",
    ),
}
