// The photographs go one by one to this server's memory; a name and a token stand for each.
const LIMIT = HEAVIEST_BYTES;
const MOST = MOST_FILES;
let sending = false;

async function sendOne(file) {
    if (file.size > LIMIT) return { name: file.name, problem: "too_large" };
    try {
        const answer = await fetch("photographs", { method: "POST", body: file });
        if (answer.ok) return { name: file.name, token: await answer.text() };
        return { name: file.name, problem: answer.status === 413 ? "too_large" : "not_sent" };
    } catch {
        return { name: file.name, problem: "not_sent" };
    }
}

function tell(done, all) {
    const words = element.querySelector(".zone").dataset.sending;
    const status = document.querySelector("#status .status");
    if (status) status.textContent = words.replace("DONE", done).replace("ALL", all);
}

async function sendAll(files) {
    if (sending || !files.length) return;
    sending = true;
    const sent = [];
    try {
        for (const file of files) {
            tell(sent.length + 1, files.length);
            if (sent.length >= MOST) sent.push({ name: file.name, problem: "too_many" });
            else sent.push(await sendOne(file));
        }
    } finally {
        sending = false;
    }
    trigger("submit", { files: sent });
}

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
