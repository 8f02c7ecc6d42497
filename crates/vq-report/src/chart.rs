//! Line charts as inline SVG.
//!
//! They are drawn here and not by a plotting crate, because colours must follow the page's light or dark mode, which
//! takes classes instead of colours in the SVG, and values must show under the pointer.

use maud::{Markup, html};
use serde_json::json;

use vq_run::{ChartScale, FigureInfo};

use crate::Point;
use crate::axis::Axis;
use crate::number::short_number;

/// Size of the drawing and of the plot in it, in units of the SVG; the page scales it.
const WIDTH: f64 = 380.0;
const HEIGHT: f64 = 200.0;
const LEFT: f64 = 44.0;
const RIGHT: f64 = WIDTH - 8.0;
const TOP: f64 = 8.0;
const BOTTOM: f64 = HEIGHT - 22.0;

/// Points of a curve that are drawn; of longer curves, means and ranges over spans of steps.
const MOST_POINTS: usize = 240;

/// Points up to which each gets a dot.
const MOST_DOTS: usize = 24;

/// Colours that the style sheet has.
const COLORS: usize = 8;

/// A line of a chart.
#[derive(Debug, Clone)]
pub struct Curve {
    /// Its name in the legend.
    pub label: String,
    /// In order of the steps.
    pub points: Vec<Point>,
}

/// The horizontal axis of a chart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Along {
    /// Training steps.
    #[default]
    Steps,
    /// Seconds of training.
    Seconds,
    /// Ranks of codes, the most used first.
    Ranks,
}

impl Along {
    /// The unit of the axis.
    fn word(self) -> &'static str {
        match self {
            Self::Steps => "step",
            Self::Seconds => "second",
            Self::Ranks => "rank",
        }
    }
}

/// A chart of curves.
#[derive(Debug, Clone)]
pub struct Chart {
    /// The title.
    pub title: String,
    /// The unit of the values; may be empty.
    pub unit: &'static str,
    /// The scale of the values' axis.
    pub scale: ChartScale,
    /// The horizontal axis.
    pub along: Along,
    /// At least one; those without points are left out.
    pub curves: Vec<Curve>,
}

/// Points of a span of steps.
struct Span {
    step: f64,
    mean: f64,
    low: f64,
    high: f64,
}

impl Chart {
    /// Curves of a figure over the steps.
    pub fn of_figure(figure: &FigureInfo, curves: Vec<Curve>) -> Self {
        let scaled = |point: Point| Point { value: point.value * figure.factor, ..point };
        let curves = curves
            .into_iter()
            .map(|Curve { label, points }| Curve { label, points: points.into_iter().map(scaled).collect() });
        let (title, unit, scale, along) = (figure.capitalized(), figure.unit, figure.scale, Along::Steps);
        Self { title, unit, scale, along, curves: curves.collect() }
    }

    /// The chart as markup; none if it has no point.
    pub fn draw(&self) -> Option<Markup> {
        let curves: Vec<(String, &Curve, Vec<Span>)> = self
            .curves
            .iter()
            .enumerate()
            .filter(|(_, curve)| !curve.points.is_empty())
            .map(|(index, curve)| (curve_class(index), curve, spans(&curve.points)))
            .collect();
        let spans = || curves.iter().flat_map(|(_, _, spans)| spans);
        let ends = |low: f64, high: f64, (least, most): (f64, f64)| (least.min(low), most.max(high));
        let empty = (f64::INFINITY, f64::NEG_INFINITY);
        let (first, last) = spans().fold(empty, |sofar, span| ends(span.step, span.step, sofar));
        let (low, high) = spans().fold(empty, |sofar, span| ends(span.low, span.high, sofar));
        if first > last {
            return None;
        }
        let steps = Axis::exact(first.min(1.0), last, 5);
        let values = Axis::new(low, high, self.scale, 4);
        let x = |step: f64| LEFT + (RIGHT - LEFT) * steps.position(step);
        let y = |value: f64| BOTTOM - (BOTTOM - TOP) * values.position(value);
        let under_pointer: Vec<_> = curves
            .iter()
            .map(|(_, _, spans)| -> Vec<_> {
                let hover =
                    |span: &Span| json!([span.step, short_number(span.mean), tenth(x(span.step)), tenth(y(span.mean))]);
                spans.iter().map(hover).collect()
            })
            .collect();
        let (several, along) = (self.curves.len() > 1, self.along.word());
        let (view_box, label) = (format!("0 0 {WIDTH} {HEIGHT}"), format!("{} over {along}s", self.title));
        Some(html! {
            figure.chart data-lines=(json!(under_pointer)) data-left=(LEFT) data-right=(RIGHT) data-along=(along) {
                figcaption {
                    h3 { (self.title) @if !self.unit.is_empty() { " " small { (self.unit) } } }
                    span.at { (along) " " (last) }
                    ul.legend {
                        @for (class, curve, spans) in &curves {
                            li class=(class) {
                                @if several { i {} span { (curve.label) } " " }
                                b { (short_number(spans.last().map_or(f64::NAN, |span| span.mean))) }
                            }
                        }
                    }
                }
                svg viewBox=(view_box) role="img" aria-label=(label) {
                    g.rules {
                        @for &tick in &values.ticks {
                            line x1=(LEFT) x2=(RIGHT) y1=(tenth(y(tick))) y2=(tenth(y(tick))) {}
                            text.y x=(LEFT - 6.0) y=(tenth(y(tick) + 3.5)) { (tick_label(tick)) }
                        }
                        @for &tick in &steps.ticks {
                            line x1=(tenth(x(tick))) x2=(tenth(x(tick))) y1=(BOTTOM) y2=(BOTTOM + 4.0) {}
                            text.x x=(tenth(x(tick))) y=(HEIGHT - 5.0) { (tick_label(tick)) }
                        }
                    }
                    @for (class, curve, spans) in &curves {
                        g class=(class) {
                            @if spans.len() < curve.points.len() {
                                polygon points=(outline(spans, &x, &y)) {}
                            }
                            polyline points=(path(spans.iter().map(|span| (x(span.step), y(span.mean))))) {}
                            @if spans.len() <= MOST_DOTS {
                                @for span in spans {
                                    circle r="2" cx=(tenth(x(span.step))) cy=(tenth(y(span.mean))) {}
                                }
                            }
                        }
                    }
                    line.pointer y1=(TOP) y2=(BOTTOM) {}
                    @for (class, ..) in &curves { circle class={ "pointed " (class) } r="3.5" {} }
                }
            }
        })
    }
}

/// The CSS classes of a curve: a colour, and dashes or dots where colours repeat.
fn curve_class(index: usize) -> String {
    let line = match index / COLORS {
        0 => "",
        1 => " dashed",
        _ => " dotted",
    };
    format!("c{}{line}", index % COLORS)
}

/// The points themselves if they are few, else means and ranges over spans of steps.
fn spans(points: &[Point]) -> Vec<Span> {
    let length = points.len().div_ceil(MOST_POINTS).max(1);
    let span = |points: &[Point]| {
        let values = || points.iter().map(|point| point.value);
        Span {
            step: points[points.len() - 1].step as f64,
            mean: values().sum::<f64>() / points.len() as f64,
            low: values().fold(f64::INFINITY, f64::min),
            high: values().fold(f64::NEG_INFINITY, f64::max),
        }
    };
    points.chunks(length).map(span).collect()
}

/// The outline of the spans' ranges: along their highest values and back along their lowest.
fn outline(spans: &[Span], x: &impl Fn(f64) -> f64, y: &impl Fn(f64) -> f64) -> String {
    let above = spans.iter().map(|span| (x(span.step), y(span.high)));
    path(above.chain(spans.iter().rev().map(|span| (x(span.step), y(span.low)))))
}

fn path(points: impl Iterator<Item = (f64, f64)>) -> String {
    points.map(|(x, y)| format!("{},{}", tenth(x), tenth(y))).collect::<Vec<_>>().join(" ")
}

/// Rounds to a tenth of a unit; finer differences are not visible.
fn tenth(position: f64) -> f64 {
    (position * 10.0).round() / 10.0
}

/// The shortest label of a multiple of a round step, without rounding errors.
fn tick_label(tick: f64) -> String {
    short_number((tick * 1e9).round() / 1e9)
}
