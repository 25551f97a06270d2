// The browser's own choice of colours beside the text of one. Its change saves the field, whose text it has set.
customElements.define("colour-picker", class extends HTMLElement {
  connectedCallback() {
    const [choice, text] = this.querySelectorAll("input");
    choice.addEventListener("input", () => { text.value = choice.value; });
    text.addEventListener("input", () => {
      if (/^#[0-9a-f]{6}$/i.test(text.value)) choice.value = text.value;
    });
  }
});
