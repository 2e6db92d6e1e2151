// The photographs go one by one to this server's memory; a name and a token stand for each.
const LIMIT = HEAVIEST_BYTES;
const AT_ONCE = MOST_FILES;
const LINES = MOST_LINES;
let sending = false;
let forgotten = false;

async function sendOne(file, visit) {
    if (file.size > LIMIT) return { name: file.name, problem: "too_large" };
    try {
        const address = "photographs?visit=" + encodeURIComponent(visit);
        const answer = await fetch(address, { method: "POST", body: file });
        if (answer.ok) return { name: file.name, token: await answer.text() };
        const problems = { 413: "too_large", 503: "no_room" };
        return { name: file.name, problem: problems[answer.status] || "not_sent" };
    } catch {
        return { name: file.name, problem: "not_sent" };
    }
}

function tell(done, all) {
    const words = element.querySelector(".zone").dataset.sending;
    const status = document.querySelector("#status .status");
    if (status) status.textContent = words.replace("DONE", done).replace("ALL", all);
}

function tellBusy(busy) {
    const line = element.querySelector(".busy");
    if (line) line.hidden = !busy;
}

async function sendAll(files) {
    if (!files.length) return;
    if (sending) return tellBusy(true);
    sending = true;
    forgotten = false;
    const listed = files.slice(0, LINES);
    const sent = [];
    try {
        const visit = element.querySelector(".zone").dataset.visit;
        for (const file of listed) {
            if (forgotten) return;
            tell(sent.length + 1, listed.length);
            if (sent.length >= AT_ONCE) sent.push({ name: file.name, problem: "too_many" });
            else sent.push(await sendOne(file, visit));
        }
    } finally {
        sending = false;
        tellBusy(false);
    }
    if (!forgotten) trigger("submit", { files: sent, unlisted: files.length - listed.length });
}

document.addEventListener("click", (event) => {
    if (event.target.closest("#forget")) forgotten = true;
});
element.addEventListener("change", (event) => {
    if (event.target.type !== "file") return;
    sendAll([...event.target.files]).finally(() => { event.target.value = ""; });
});
element.addEventListener("dragover", (event) => {
    event.preventDefault();
    element.classList.add("over");
});
element.addEventListener("dragleave", () => element.classList.remove("over"));
element.addEventListener("drop", (event) => {
    event.preventDefault();
    element.classList.remove("over");
    sendAll([...event.dataTransfer.files]);
});
// a photograph that misses the zone must not be opened in the place of the page
for (const kind of ["dragover", "drop"]) {
    document.addEventListener(kind, (event) => event.preventDefault());
}
