// A field that saves itself sends what stands in it when its turn has come, and nothing of the other fields.
// What comes back is swapped by htmx; what does not come back is told here.
const ANSWERED = [401, 409, 422];

customElements.define("live-form", class extends HTMLElement {
  connectedCallback() {
    this.addEventListener("htmx:before:request", this.narrow);
    this.addEventListener("htmx:after:swap", this.forget);
    this.addEventListener("htmx:response:error", this.refused);
    this.addEventListener("htmx:error", this.lost);
  }

  narrow = ({ target, detail: { ctx } }) => {
    const field = target.closest(".field");
    if (!field || ctx.request.method !== "POST") return;
    ctx.request.body = new URLSearchParams();
    for (const [name, value] of new FormData(target.closest("form"))) {
      if ([field.id, `was.${field.id}`].includes(name)) ctx.request.body.append(name, value);
    }
  };

  // A secret that is saved is known by that alone, and a switch is as the answer says; to the swap, both were typed.
  forget = () => {
    for (const secret of this.querySelectorAll("[data-state=saved] > [type=password]")) secret.value = "";
    for (const box of this.querySelectorAll("[data-state=error] > [type=checkbox]")) box.checked = box.defaultChecked;
  };

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
  }
});
