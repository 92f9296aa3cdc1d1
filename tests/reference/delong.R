# DeLong's intervals and paired tests by pROC, for tests/measure.rs.
#
# Versions: R 4.2.2, pROC 1.18.0, jsonlite 1.8.4 (Debian 12: r-cran-proc, r-cran-jsonlite).
# Run from the project's root: Rscript tests/reference/delong.R
# Scores are rounded to few digits, so that they tie alike in 32 and 64 bits.
suppressPackageStartupMessages(library(pROC))
library(jsonlite)
set.seed(31)

curve <- function(labels, scores) {
  roc(labels, scores, levels = c(0, 1), direction = "<", quiet = TRUE)
}

single <- function(name, labels, scores, confidence) {
  one <- curve(labels, scores)
  interval <- suppressWarnings(ci.auc(one, conf.level = confidence, method = "delong"))
  list(name = name, labels = labels, scores = scores, confidence = confidence,
       auroc = interval[2], variance = var(one, method = "delong"),
       low = interval[1], high = interval[3])
}

paired <- function(name, labels, candidate, baseline) {
  test <- roc.test(curve(labels, candidate), curve(labels, baseline), method = "delong",
                   paired = TRUE, conf.level = 0.95)
  list(name = name, labels = labels, candidate = candidate, baseline = baseline,
       statistic = unname(test$statistic), p_value = test$p.value,
       low = test$conf.int[1], high = test$conf.int[2])
}

labels <- rbinom(90, 1, 0.35)
good <- round(rnorm(90) + 1.2 * labels, 2)
coarse <- round(good)
poor <- round(rnorm(90) + 0.3 * labels, 2)
kindred <- round(good + rnorm(90, sd = 0.6), 2)
rare <- c(rep(1, 4), rep(0, 56))
rare_scores <- round(runif(60) + 0.2 * rare, 2)

golden <- list(
  single = list(
    single("good", labels, good, 0.95),
    single("coarse", labels, coarse, 0.95),
    single("poor at 80 %", labels, poor, 0.8),
    single("worse than chance", labels, -good, 0.95),
    single("few positives, cut at 1", rare, rare_scores + 0.6 * rare, 0.99),
    single("few positives", rare, rare_scores, 0.95)
  ),
  paired = list(
    paired("kindred", labels, kindred, good),
    paired("better", labels, good, poor),
    paired("worse, with ties", labels, poor, coarse),
    paired("few positives", rare, rare_scores, round(runif(60), 2))
  )
)
write(toJSON(golden, auto_unbox = TRUE, digits = NA), "tests/golden/delong.json")
