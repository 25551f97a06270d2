// One stop for the Tab key, arrow keys inside: the toolbar pattern of the ARIA Authoring Practices Guide.
const STEPS = { ArrowRight: 1, ArrowLeft: -1, Home: -Infinity, End: Infinity };

customElements.define("tool-bar", class extends HTMLElement {
  connectedCallback() {
    this.addEventListener("keydown", this.moved);
    this.addEventListener("focusin", ({ target }) => this.stop(target));
    this.stop(this.tools[0]);
  }

  get tools() {
    return [...this.querySelectorAll("button:enabled")];
  }

  moved = (event) => {
    const step = STEPS[event.key];
    if (!step) return;
    event.preventDefault();
    const { tools } = this;
    const place = tools.indexOf(document.activeElement) + step;
    tools[Number.isFinite(place) ? (place + tools.length) % tools.length : place < 0 ? 0 : tools.length - 1].focus();
  };

  stop(here) {
    for (const tool of this.querySelectorAll("button")) tool.tabIndex = tool === here ? 0 : -1;
  }
});
