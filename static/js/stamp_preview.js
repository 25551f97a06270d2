// Shows the stamp while it is typed: one picture at a time, then the newest entry. Without this script, what is stored.
const PAUSE = 300;
const NAMES = ["watermark_text", "watermark_font_size_pt", "watermark_x_mm", "watermark_y_mm"];
const CAUTIONS = "Tresen-Cautions";

customElements.define("stamp-preview", class extends HTMLElement {
  connectedCallback() {
    this.picture = this.querySelector("img");
    this.settings = document.querySelector(".settings-form");
    for (const part of [this, this.settings]) part.addEventListener("input", this.typed);
  }

  disconnectedCallback() {
    this.settings.removeEventListener("input", this.typed);
    clearTimeout(this.waiting);
  }

  typed = () => {
    clearTimeout(this.waiting);
    this.waiting = setTimeout(this.show, PAUSE);
  };

  show = async () => {
    const wanted = this.address();
    if (this.drawing || wanted === this.asked) return;
    this.drawing = true;
    this.asked = wanted;
    const { alt, className } = this.picture;
    const next = Object.assign(new Image(), { alt, className, src: wanted });
    const shown = await next.decode().then(() => true, () => false);
    if (shown) await this.put(next);
    this.querySelector("[data-unshown]").hidden = shown;
    this.drawing = false;
    this.show();
  };

  // What is to be said about the stamp stands in the header of its picture, which the server still holds.
  async put(next) {
    this.picture.replaceWith(next);
    this.picture = next;
    next.parentElement.href = next.src;
    const told = await fetch(next.src, { method: "HEAD" }).then(({ headers }) => headers.get(CAUTIONS) ?? "", () => "");
    for (const note of this.querySelectorAll("[data-caution]")) note.hidden = !told.split(" ").includes(note.dataset.caution);
  }

  address() {
    const query = new URLSearchParams(NAMES.map((name) => [name, this.settings.elements[name].value]));
    const file = this.querySelector("select");
    if (file) query.set("file", file.value);
    return `${this.picture.src.split("?")[0]}?${query}`;
  }
});
