// The greeting as it will look, above the field that holds its source. Without this script the source itself is edited.
// What may stand in a greeting is decided by the server; here only what could act in this page is left out.
const KEPT = new Set("A B BLOCKQUOTE BR CODE EM HR I LI OL P S STRONG SUB SUP U UL".split(" "));
const GONE = "script, style, template, title, iframe, object, embed, noscript, svg, math, textarea, select";
const HARMLESS = /^(https?:|mailto:|tel:|[^:]*$)/i;
const PAUSE = 700;

// A template runs nothing, yet browsers complain of what they did not run.
const quiet = (tag) => tag.replace(/\s(on\w+|style)\s*=/gi, " data-gone=");

function harmless(html) {
  const { content } = Object.assign(document.createElement("template"), { innerHTML: html.replace(/<[^>]*>/g, quiet) });
  for (const element of content.querySelectorAll(GONE)) element.remove();
  for (const element of [...content.querySelectorAll("*")].reverse()) {
    for (const { name, value } of [...element.attributes]) {
      const stays = element.tagName === "A" && (name === "title" || (name === "href" && HARMLESS.test(value.trim())));
      if (!stays) element.removeAttribute(name);
    }
    if (!KEPT.has(element.tagName)) element.replaceWith(...element.childNodes);
  }
  return document.importNode(content, true);
}

customElements.define("greeting-editor", class extends HTMLElement {
  connectedCallback() {
    if (this.squire || !globalThis.Squire) return;
    this.squire = new Squire(this.querySelector(".editor-text"), { blockTag: "P", sanitizeToDOMFragment: harmless });
    this.squire.addEventListener("input", this.typed);
    this.squire.addEventListener("blur", this.send);
    this.closest(".field").addEventListener("htmx:before:request", this.fill);
    this.show("text");
  }

  get source() {
    return this.parentElement.querySelector(":scope > textarea");
  }

  show(mode) {
    this.send();
    this.dataset.mode = mode;
    this.edited = false;
    if (mode === "source") return;
    this.squire.setHTML(this.source.value);
    this.sent = this.squire.getHTML();
  }

  // While the source is edited, whatever happens in the hidden text is not the merchant's doing.
  typed = () => {
    if (this.dataset.mode === "source") return;
    this.edited = true;
    clearTimeout(this.pause);
    this.pause = setTimeout(this.send, PAUSE);
  };

  send = () => {
    if (!this.pause) return;
    clearTimeout(this.pause);
    this.pause = 0;
    if (this.squire.getHTML() === this.sent) return;
    this.fill();
    this.source.dispatchEvent(new Event("change", { bubbles: true }));
  };

  // Also right before each request: the answer to an earlier one may have put its own text into the field meanwhile.
  fill = () => {
    if (this.edited) this.sent = this.source.value = this.squire.getHTML();
  };
});
