"""Headless Chromium, driven by the DevTools protocol over a pipe: no port, no driver program, no package."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any

PROGRAM = "chromium"
OPTIONS = (
    "--headless=new", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-default-browser-check", "--disable-extensions", "--mute-audio", "--disable-dev-shm-usage",
    "--host-resolver-rules=MAP * ~NOTFOUND",
)


class Page:
    """One tab. What it says on its console and every request it makes is kept."""

    def __init__(self) -> None:
        self.errors: list[str] = []
        self.requests: list[str] = []
        self._events: list[dict[str, Any]] = []
        self._number = 0
        self._session = ""

    def __enter__(self) -> Page:
        self._folder = tempfile.mkdtemp(prefix="buddycheck-page-")
        ours_in, theirs_out = os.pipe()
        theirs_in, ours_out = os.pipe()

        def place() -> None:  # Chromium reads commands from 3 and writes to 4
            high_in, high_out = os.dup(theirs_in), os.dup(theirs_out)
            os.dup2(high_in, 3)
            os.dup2(high_out, 4)

        self._process = subprocess.Popen(
            [PROGRAM, *OPTIONS, f"--user-data-dir={self._folder}", "about:blank"], preexec_fn=place, close_fds=False,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, "HOME": self._folder},
        )
        os.close(theirs_in)
        os.close(theirs_out)
        self._in, self._out = os.fdopen(ours_in, "rb"), os.fdopen(ours_out, "wb")
        self._rest = b""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(domain + ".enable")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._session = ""
        try:
            self.call("Browser.close")
            self._process.wait(20)
        except (OSError, subprocess.TimeoutExpired, EOFError):
            self._process.kill()
            self._process.wait()
        self._in.close()
        self._out.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Sends a command and waits for its answer."""
        self._number += 1
        number = self._number
        message: dict[str, Any] = {"id": number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        self._out.write(json.dumps(message).encode() + b"\0")
        self._out.flush()
        while True:
            answer = self._read()
            if answer.get("id") == number:
                if "error" in answer:
                    raise AssertionError(f"{method}: {answer['error']}")
                return dict(answer["result"])

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            more = os.read(self._in.fileno(), 1 << 20)
            if not more:
                raise EOFError("chromium has ended")
            self._rest += more
        line, _, self._rest = self._rest.partition(b"\0")
        message: dict[str, Any] = json.loads(line)
        self._note(message.get("method", ""), message.get("params", {}))
        return message

    def _note(self, method: str, fields: dict[str, Any]) -> None:
        if method == "Runtime.exceptionThrown":
            self.errors.append(str(fields["exceptionDetails"].get("exception", fields["exceptionDetails"]).get("description")))
        elif method == "Runtime.consoleAPICalled" and fields["type"] in ("error", "warning", "assert"):
            self.errors.append(str([each.get("value") for each in fields["args"]]))
        elif method == "Log.entryAdded" and fields["entry"]["level"] in ("error", "warning"):
            self.errors.append(fields["entry"]["text"])
        elif method == "Network.requestWillBeSent":
            self.requests.append(fields["request"]["url"])
        if method:
            self._events.append({"method": method, **fields})

    def wait(self, method: str) -> None:
        """Until that event comes."""
        while not any(each["method"] == method for each in self._events):
            self._read()
        self._events = [each for each in self._events if each["method"] != method]

    def open(self, path: Path, fragment: str = "") -> None:
        """Loads a file and waits until the page's script has unpacked its data."""
        self._events.clear()
        self.call("Page.navigate", url="about:blank")
        self.wait("Page.loadEventFired")
        self.call("Page.navigate", url=path.resolve().as_uri() + fragment)
        self.wait("Page.loadEventFired")
        self.run("new Promise((done) => { const look = () => document.documentElement.dataset.ready ? done(1) : requestAnimationFrame(look); look(); })")

    def run(self, script: str) -> Any:
        """The value of a JavaScript expression; awaits a promise."""
        answer = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise AssertionError(answer["exceptionDetails"].get("exception", {}).get("description") or answer["exceptionDetails"]["text"])
        return answer["result"].get("value")

    def click(self, selector: str) -> None:
        """A click of the mouse in the middle of the element, as a user makes it."""
        box = self.run(
            f"(() => {{ const e = document.querySelector({json.dumps(selector)}); e.scrollIntoView({{block: 'center'}}); "
            "const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=box[0], y=box[1], button="left", clickCount=1)
        self.settle()

    def key(self, key: str, code: int) -> None:
        """A key pressed and released."""
        text = {"Enter": "\r", "Space": " "}.get(key, key if len(key) == 1 else "")
        more = {"text": text} if text else {}
        name = " " if key == "Space" else key
        self.call("Input.dispatchKeyEvent", type="keyDown", key=name, windowsVirtualKeyCode=code, **more)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=name, windowsVirtualKeyCode=code)
        self.settle()

    def type(self, text: str) -> None:
        """Text into what has the focus."""
        self.call("Input.insertText", text=text)
        self.settle()

    def settle(self) -> None:
        """Until what the last input led to is drawn."""
        self.run("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))")

    def look(self, width: int, height: int, dark: bool = False, media: str = "screen") -> None:
        """Size, colours and medium."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", media=media, features=[scheme])
        self.settle()

    def picture(self, path: Path, full: bool = False) -> None:
        """A screenshot, of the window or of the whole page."""
        shot = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=full)
        path.write_bytes(base64.b64decode(shot["data"]))

    def pdf(self) -> bytes:
        """The page as it is printed."""
        return base64.b64decode(self.call("Page.printToPDF", printBackground=True)["data"])
