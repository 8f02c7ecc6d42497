for (const figure of document.querySelectorAll("figure.read")) {
  const cells = [...figure.querySelectorAll(".cells")].map((grid) => [...grid.children]);
  const said = figure.querySelector("output");
  const buttons = [...figure.querySelectorAll("button")];
  const paint = (heat) => {
    // Most of a map is far away: the cube keeps what is near apart from it.
    for (const grid of cells) grid.forEach((cell, at) => cell.style.setProperty("--heat", heat ? heat[at] ** 3 : 0));
  };
  for (const button of buttons) {
    button.addEventListener("click", () => {
      const on = button.getAttribute("aria-pressed") !== "true";
      for (const other of buttons) other.setAttribute("aria-pressed", on && other === button);
      paint(on ? button.dataset.heat.split(" ").map(Number) : null);
    });
  }
  figure.addEventListener("mouseover", (event) => {
    if (event.target.title) said.textContent = event.target.title;
  });
}
