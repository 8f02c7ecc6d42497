"use strict";

// Values of a chart under the pointer. Points come as [step, value in words, x, y], places in units of the SVG.
for (const chart of document.querySelectorAll(".chart")) {
  const lines = JSON.parse(chart.dataset.lines);
  const svg = chart.querySelector("svg");
  const at = chart.querySelector(".at");
  const values = [...chart.querySelectorAll(".legend b")];
  const pointer = chart.querySelector(".pointer");
  const dots = [...chart.querySelectorAll(".pointed")];
  const resting = { at: at.textContent, values: values.map((value) => value.textContent) };

  const nearest = (points, x) =>
    points.reduce((best, point) => (Math.abs(point[2] - x) < Math.abs(best[2] - x) ? point : best));

  const show = (event) => {
    const place = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
    const under = lines.map((points) => nearest(points, place.x));
    const step = nearest(under, place.x);
    at.textContent = chart.dataset.along + " " + step[0];
    pointer.setAttribute("x1", step[2]);
    pointer.setAttribute("x2", step[2]);
    pointer.style.visibility = "visible";
    under.forEach((point, line) => {
      values[line].textContent = point[1];
      dots[line].setAttribute("cx", point[2]);
      dots[line].setAttribute("cy", point[3]);
      dots[line].style.visibility = "visible";
    });
  };

  const rest = () => {
    at.textContent = resting.at;
    resting.values.forEach((value, line) => (values[line].textContent = value));
    [pointer, ...dots].forEach((mark) => (mark.style.visibility = "hidden"));
  };

  svg.addEventListener("pointermove", show);
  svg.addEventListener("pointerdown", show);
  svg.addEventListener("pointerleave", rest);
}

// The grid of the step that the slider is at.
for (const grid of document.querySelectorAll(".grid")) {
  const slider = grid.querySelector("input");
  const former = [...grid.querySelectorAll(".former img")];
  slider?.addEventListener("input", () => {
    const chosen = former[Number(slider.value)];
    grid.querySelector(".shown").src = chosen.src;
    grid.querySelector("output").textContent = chosen.dataset.step;
  });
}
