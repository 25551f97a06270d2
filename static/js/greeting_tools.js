// The tools above the greeting. What a format does stands at its button: the tag that shows it, and Squire's words for on
// and off.
const WITH_SCHEME = /^([a-z]+:|\{)/i;

customElements.define("greeting-tools", class extends HTMLElement {
  connectedCallback() {
    this.editor = this.closest("greeting-editor");
    if (!this.squire) return;
    this.link = this.querySelector(".editor-link");
    this.address = this.link.querySelector("input");
    this.addEventListener("click", this.used);
    this.addEventListener("change", (event) => event.stopPropagation()); // the address is no field of the form
    this.address.addEventListener("keydown", this.keyed);
    for (const moved of ["pathChange", "select", "cursor", "input"]) this.squire.addEventListener(moved, this.reflect);
    this.reflect();
  }

  get squire() {
    return this.editor.squire;
  }

  used = ({ target }) => {
    const tool = target.closest("[data-tool]");
    if (!tool) return;
    const { tool: deed, tag, on, off, text } = tool.dataset;
    if (deed === "format") this.squire[this.squire.hasFormat(tag) ? off : on]();
    else if (deed === "insert") this.squire.insertPlainText(text);
    else if (deed === "clear") this.squire.removeAllFormatting();
    else this[deed]();
    this.reflect();
  };

  source() {
    this.editor.show(this.editor.dataset.mode === "source" ? "text" : "source");
    this.link.hidden = true;
    if (this.editor.dataset.mode === "source") this.editor.source.focus();
  }

  ask() {
    this.link.hidden = !this.link.hidden;
    if (this.link.hidden) return;
    const range = this.squire.getSelection();
    const around = range.commonAncestorContainer;
    const within = [...this.editor.querySelectorAll(".editor-text a")].find((link) => range.intersectsNode(link));
    const link = (around.closest ? around : around.parentElement).closest("a") ?? within;
    this.address.value = link?.getAttribute("href") ?? "";
    this.address.focus();
  }

  set() {
    const address = this.address.value.trim();
    this.link.hidden = true;
    if (address) this.squire.makeLink(WITH_SCHEME.test(address) ? address : `https://${address}`);
    this.squire.focus();
  }

  unset() {
    this.link.hidden = true;
    this.squire.removeLink().focus();
  }

  keyed = (event) => {
    if (!["Enter", "Escape"].includes(event.key)) return;
    event.preventDefault();
    if (event.key === "Enter") this.set();
    else this.ask();
    this.reflect();
  };

  reflect = () => {
    const inSource = this.editor.dataset.mode === "source";
    for (const tool of this.querySelectorAll(".tool")) {
      const { tool: deed, tag } = tool.dataset;
      if (deed === "source") tool.ariaPressed = String(inSource);
      else tool.disabled = inSource;
      if (tag) tool.ariaPressed = String(!inSource && this.squire.hasFormat(tag));
      if (deed === "ask") tool.ariaExpanded = String(!this.link.hidden);
    }
  };
});
