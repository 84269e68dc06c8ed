# Every target is a word for run.py, which also works without make: python3 run.py demo
PYTHON ?= python3

.PHONY: demo test till server printer setup format bench feed simulate chaos screenshots lock clean
demo test till server printer setup format bench screenshots lock clean:
	@$(PYTHON) run.py $@ $(ARGS)

CHANGES ?= 1000000
feed:
	@$(PYTHON) run.py feed --changes $(CHANGES) $(ARGS)

SALES ?= 20000
simulate:
	@$(PYTHON) run.py simulate --sales $(SALES) $(ARGS)

MINUTES ?= 10
chaos:
	@$(PYTHON) run.py chaos --minutes $(MINUTES) $(ARGS)
