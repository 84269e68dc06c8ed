# Every target is a word for run.py, which also works without make: python3 run.py demo
PYTHON ?= python3

.PHONY: demo test till server printer setup format bench feed chaos screenshots lock clean
demo test till server printer setup format bench screenshots lock clean:
	@$(PYTHON) run.py $@ $(ARGS)

CHANGES ?= 1000000
feed:
	@$(PYTHON) run.py feed --changes $(CHANGES) $(ARGS)

MINUTES ?= 10
chaos:
	@$(PYTHON) run.py chaos --minutes $(MINUTES) $(ARGS)
