// Puts the text of the field, or the plain form of it, on the clipboard, and says so for four seconds.
customElements.define("copy-field", class extends HTMLElement {
  connectedCallback() {
    this.button = this.querySelector("button");
    this.words = this.button.querySelector("span");
    this.button.hidden = false;
    this.button.addEventListener("click", this.copy);
  }

  copy = async () => {
    const input = this.querySelector("input");
    const shown = input.value;
    const plain = this.dataset.plain ?? shown;
    // Browsers give the clipboard only to pages that came over https or from this machine.
    if (navigator.clipboard) await navigator.clipboard.writeText(plain);
    else {
      input.value = plain;
      input.select();
      document.execCommand("copy");
      input.value = shown;
    }
    input.select();
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
