"""The results as a static site: pages that open from disk, load nothing from elsewhere and show the evidence.

`harness.report.site.content` makes the values that stand on the pages; `harness.report.site.render` puts them into the
templates, where all text is made harmless; `harness.report.site.folder` writes the files.
"""
