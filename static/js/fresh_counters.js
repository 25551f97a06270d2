// After a download was started, the page asks again how many are left: soon, and whenever it is looked at again.
// Without this script the next visit shows it.
const LATER = [4_000, 20_000];

customElements.define("fresh-counters", class extends HTMLElement {
  connectedCallback() {
    // The page keeps its attempt when its rows are renewed, so an impatient second click spends nothing.
    this.attempt ??= this.querySelector("[name=attempt]")?.value;
    this.addEventListener("submit", this.started);
    for (const back of ["focus", "pageshow"]) addEventListener(back, this.lookedAt);
  }

  disconnectedCallback() {
    for (const back of ["focus", "pageshow"]) removeEventListener(back, this.lookedAt);
  }

  started = (event) => {
    event.target.elements.attempt.value = this.attempt;
    this.waits = true;
    for (const time of LATER) setTimeout(this.lookedAt, time);
  };

  lookedAt = () => {
    if (this.waits) this.dispatchEvent(new Event("stale", { bubbles: true }));
  };
});
