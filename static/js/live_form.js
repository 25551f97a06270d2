// A field that saves itself sends what stands in it when its turn has come, and nothing of the other fields.
// What comes back is swapped by htmx; what does not come back is told here, with a button to try again.
const ANSWERED = [401, 409, 422];

customElements.define("live-form", class extends HTMLElement {
  connectedCallback() {
    this.addEventListener("htmx:before:request", this.narrow);
    this.addEventListener("htmx:before:swap", this.keepFocus);
    this.addEventListener("htmx:before:swap", this.keepTyped);
    this.addEventListener("htmx:after:swap", this.forget);
    this.addEventListener("htmx:after:swap", this.giveBack);
    this.addEventListener("htmx:response:error", this.refused);
    this.addEventListener("htmx:error", this.lost);
  }

  narrow = ({ target, detail: { ctx } }) => {
    const field = target.closest(".field");
    if (!field) return;
    field.asked = this.control(field)?.value;
    if (ctx.request.method !== "POST") return;
    ctx.request.body = new URLSearchParams();
    for (const [name, value] of new FormData(target.closest("form"))) {
      if ([field.id, `was.${field.id}`].includes(name)) ctx.request.body.append(name, value);
    }
  };

  // Only a page that is opened may choose where to begin. A button that vanishes hands its focus to its field.
  keepFocus = ({ detail: { tasks } }) => {
    for (const { fragment } of tasks) for (const first of fragment.querySelectorAll("[autofocus]")) first.autofocus = false;
    const field = this.querySelector(".field-again :focus")?.closest(".field");
    field?.querySelector(`#${field.id}-input`).focus();
  };

  // A secret that is saved is known by that alone, and a switch is as the answer says; to the swap, both were typed.
  forget = () => {
    for (const secret of this.querySelectorAll("[data-state=saved] > [type=password]")) secret.value = "";
    for (const box of this.querySelectorAll("[data-state=error] > [type=checkbox]")) box.checked = box.defaultChecked;
  };

  // Who types on while an answer is on its way keeps what he typed: it waits for its turn, and the answer is about an older entry.
  keepTyped = () => {
    for (const field of this.querySelectorAll(".field")) {
      const typed = this.control(field)?.value;
      field.typed = "asked" in field && typed !== field.asked ? typed : undefined;
    }
  };

  giveBack = () => {
    for (const field of this.querySelectorAll(".field")) {
      const control = this.control(field);
      if (control && field.typed !== undefined && control.value !== field.typed) control.value = field.typed;
    }
  };

  control = (field) => field.querySelector(`#${field.id}-input:not([type=checkbox])`);

  refused = ({ target, detail: { ctx } }) => {
    if (!ANSWERED.includes(ctx.response.status)) this.tell(target);
  };

  lost = ({ target, detail }) => {
    if (detail.ctx) this.tell(target);
  };

  tell(target) {
    const field = target.closest(".field");
    if (!field) return;
    field.dataset.state = "error";
    field.querySelector(".field-state").textContent = this.dataset.failed;
    if (field.querySelector(".field-again")) return;
    field.append(this.querySelector("template").content.cloneNode(true));
    field.lastElementChild.addEventListener("click", () => {
      field.querySelector(`#${field.id}-input`).dispatchEvent(new Event("change", { bubbles: true }));
    });
  }
});
