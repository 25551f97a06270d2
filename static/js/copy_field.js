// Puts the text of the field on the clipboard, and says so for four seconds.
customElements.define("copy-field", class extends HTMLElement {
  connectedCallback() {
    this.button = this.querySelector("button");
    this.words = this.button.querySelector("span");
    this.button.hidden = false;
    this.button.addEventListener("click", this.copy);
  }

  copy = async () => {
    const input = this.querySelector("input");
    input.select();
    // Browsers give the clipboard only to pages that came over https or from this machine.
    if (navigator.clipboard) await navigator.clipboard.writeText(input.value);
    else document.execCommand("copy");
    this.before ??= this.words.textContent;
    this.words.textContent = this.dataset.copied;
    this.button.dataset.state = "copied";
    clearTimeout(this.later);
    this.later = setTimeout(this.again, 4_000);
  };

  again = () => {
    this.words.textContent = this.before;
    delete this.button.dataset.state;
  };
});
