// An image may be dropped here, is sent as soon as it is chosen, and is told to be too large before it is sent.
const LARGEST = 5 * 1024 * 1024;

customElements.define("image-upload", class extends HTMLElement {
  connectedCallback() {
    this.input = this.querySelector("input");
    this.addEventListener("dragover", this.over);
    this.addEventListener("dragleave", this.out);
    this.addEventListener("drop", this.dropped);
    this.input.addEventListener("change", this.chosen, { capture: true });
    this.addEventListener("htmx:error", () => this.tell(this.dataset.failed));
    this.addEventListener("htmx:response:error", ({ detail: { ctx } }) => {
      if (![401, 422].includes(ctx.response.status)) this.tell(this.dataset.failed);
    });
  }

  over = (event) => {
    event.preventDefault();
    this.dataset.state = "over";
  };

  out = () => delete this.dataset.state;

  dropped = (event) => {
    event.preventDefault();
    this.out();
    this.input.files = event.dataTransfer.files;
    this.input.dispatchEvent(new Event("change", { bubbles: true }));
  };

  chosen = (event) => {
    const [file] = this.input.files;
    if (file && file.size <= LARGEST) return;
    event.stopImmediatePropagation();
    if (file) this.tell(this.dataset.tooLarge);
    this.input.value = "";
  };

  tell(sentence) {
    this.dataset.state = "error";
    this.querySelector(".field-error").textContent = sentence;
  }
});
